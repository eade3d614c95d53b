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
}

export type SignedIn =
  | { state: 'signed_out' }
  /** `ended`: the API has refused the token; what waits for an answer waits for the next one. */
  | { state: 'signed_in' | 'ended'; credential: Credential };

/** Each door has its own: a tab may show first the one and then the other. */
const slot = `posthorn.${import.meta.env.MODE}.credential`;
let now: SignedIn = restored();
let waiting: { goOn: () => void; giveUp: (reason: Error) => void }[] = [];
const listeners = new Set<() => void>();

export const credential = {
  get: (): SignedIn => now,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  signIn(given: Credential): void {
    tabStorage.set(slot, JSON.stringify(given));
    become({ state: 'signed_in', credential: given });
    for (const { goOn } of takeWaiting()) goOn();
  },
  /** Forgets the token. What waits for a sign-in is given up: the next one may be somebody else's. */
  signOut(): void {
    tabStorage.remove(slot);
    become({ state: 'signed_out' });
    for (const { giveUp } of takeWaiting()) giveUp(new Error('Signed out meanwhile.'));
  },
  token: (): string => (now.state === 'signed_out' ? '' : now.credential.token),
  /** Resolves when somebody has signed in again, rejects if they sign out instead. `refused`: the token that the API has refused. */
  renewed(refused: string): Promise<void> {
    if (credential.token() !== refused) return Promise.resolve();
    if (now.state === 'signed_in') become({ state: 'ended', credential: now.credential });
    return new Promise((goOn, giveUp) => waiting.push({ goOn, giveUp }));
  },
};

function takeWaiting(): typeof waiting {
  const taken = waiting;
  waiting = [];
  return taken;
}

function become(next: SignedIn): void {
  now = next;
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
