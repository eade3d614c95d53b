// The bearer token of this tab. It is in memory and in sessionStorage, never in a cookie: nothing that a browser adds by itself
// is an authorization. It is taken from an answer of the API only, never from the address of the page.

import { tabStorage } from './storage.ts';

export interface Credential {
  token: string;
  /** What it may do, as the API names its scopes. */
  scopes: readonly string[];
  /** Who is signed in, as the audit log names it, and in short. */
  name: string;
  shown: string;
  /** The highest role whose scopes it has; null: none. */
  role: string | null;
  /** The tenant it is bound to; null: all. */
  tenant: string | null;
  /** When it ends at the latest. */
  expiresAt: string;
  /** Who has it, whatever it is called: what one person ordered is never sent for another. */
  person: string;
}

/** Whose this tab is. Another one for each person, and after each sign-out. */
export interface Holder {
  number: number;
  shown: string;
}

export type SignedIn =
  | { state: 'signed_out' }
  /** `ended`: the API has refused the token; what waits for an answer waits until the same person has signed in again. */
  | { state: 'signed_in' | 'ended'; credential: Credential };

/** Each door has its own: a tab may show first the one and then the other. */
const slot = `posthorn.${import.meta.env.MODE}.credential`;
let now: SignedIn = restored();
let holder: Holder = holderAfter(0);
let waiting: (() => void)[] = [];
const listeners = new Set<() => void>();

export const credential = {
  get: (): SignedIn => now,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  holder: (): Holder => holder,
  signIn(given: Credential): void {
    tabStorage.set(slot, JSON.stringify(given));
    const isSame = now.state !== 'signed_out' && now.credential.person === given.person;
    become({ state: 'signed_in', credential: given }, isSame);
  },
  /** Forgets the token. What waits for a sign-in is given up: the next one may be somebody else's. */
  signOut(): void {
    tabStorage.remove(slot);
    become({ state: 'signed_out' }, false);
  },
  token: (): string => (now.state === 'signed_out' ? '' : now.credential.token),
  /** Resolves when this tab has another token than the one that the API has refused, or none. It may be somebody else's. */
  renewed(refused: string): Promise<void> {
    if (credential.token() !== refused) return Promise.resolve();
    if (now.state === 'signed_in') {
      now = { state: 'ended', credential: now.credential };
      tell();
    }
    return new Promise((goOn) => waiting.push(goOn));
  },
};

function become(next: SignedIn, isSame: boolean): void {
  now = next;
  if (!isSame) holder = holderAfter(holder.number);
  tell();
  const taken = waiting;
  waiting = [];
  for (const goOn of taken) goOn();
}

function holderAfter(number: number): Holder {
  return { number: number + 1, shown: now.state === 'signed_out' ? '' : now.credential.shown };
}

function tell(): void {
  for (const listener of listeners) listener();
}

function restored(): SignedIn {
  const text = tabStorage.get(slot);
  if (text === null) return { state: 'signed_out' };
  try {
    return { state: 'signed_in', credential: JSON.parse(text) as Credential };
  } catch {
    return { state: 'signed_out' };
  }
}
