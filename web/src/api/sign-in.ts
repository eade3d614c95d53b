// Sign-in: a key, or the code of the OpenID Connect provider, becomes a session. The page keeps what proves that it began a
// sign-in: nobody else can finish it here, and nobody can make this tab finish theirs (SECURITY.md).
import type { BegunSignIn, CreatedSession, NewSession, SignInMethods } from '@posthorn/client';
import type { Credential } from './credential.ts';
import { tabStorage } from './storage.ts';

/** How long the tab that asked is waited for. */
const answeredWithinMs = 2_000;
const slot = 'posthorn.sign-in';
const channelName = 'posthorn.sign-in';

/** What the provider said when it came back. */
export interface Returned {
  state: string;
  code: string;
  issuer: string | null;
  /** Why it refused; null: it did not. */
  error: string | null;
}

interface Kept extends Omit<BegunSignIn, 'url'> {
  /** Where the person was before. */
  returnTo: string;
}

export const readMethods = (signal: AbortSignal): Promise<SignInMethods> => ask('GET', '/v1/sign-in', undefined, signal);

/** Rejects with the words of the API. */
export async function exchange(what: NewSession): Promise<Credential> {
  const { token, scopes, name, person: one, key, role, tenant, expiresAt } = await ask<CreatedSession>('POST', '/v1/sessions', what);
  const shown = one?.email ?? one?.name ?? name;
  return { token, scopes, name, shown, role, tenant, expiresAt, person: JSON.stringify([key, one?.issuer, one?.subject]) };
}

/** Ends the session behind the token, also when the page is closed meanwhile. */
export function endSession(token: string): void {
  void fetch('/v1/sessions/current', { method: 'DELETE', headers: { authorization: `Bearer ${token}` }, keepalive: true }).catch(
    () => undefined,
  );
}

/** Leaves for the provider. It returns to `/dashboard/signed-in`. */
export async function leaveForProvider(): Promise<void> {
  const { url, ...begun } = await ask<BegunSignIn>('POST', '/v1/sign-in');
  tabStorage.set(slot, JSON.stringify({ ...begun, returnTo: location.pathname + location.search + location.hash }));
  location.assign(url);
}

/** Signs in in a window of its own: this page stays as it is. Ends when the person has signed in, or `signal` aborts. */
export async function signInBeside(signal: AbortSignal): Promise<Credential> {
  // before anything is waited for: browsers allow windows only at once
  const beside = window.open('about:blank', '', 'popup,width=520,height=720');
  if (!beside) throw new Error('The browser does not allow a window for the sign-in. Allow it, or sign in with a key.');
  const { url, ...begun } = await ask<BegunSignIn>('POST', '/v1/sign-in', undefined, signal).catch((error: unknown) => {
    beside.close();
    throw error;
  });
  beside.location.replace(url);
  const channel = new BroadcastChannel(channelName);
  try {
    const returned = await new Promise<Returned>((resolve, reject) => {
      signal.throwIfAborted();
      signal.addEventListener('abort', () => reject(signal.reason));
      channel.onmessage = ({ data }: MessageEvent<Returned | { taken: string }>) => {
        if (!('state' in data) || data.state !== begun.state) return;
        channel.postMessage({ taken: begun.state });
        resolve(data);
      };
    });
    return await finish(returned, begun);
  } finally {
    channel.close();
  }
}

/** In the tab to which the provider returned. Null: another tab had begun it, and has taken it. */
export async function finishReturned(returned: Returned): Promise<{ credential: Credential; returnTo: string } | null> {
  const kept = takeKept();
  if (kept && kept.state === returned.state) return { credential: await finish(returned, kept), returnTo: kept.returnTo };
  if (await isTakenElsewhere(returned)) return null;
  throw new Error('This sign-in was not begun in this tab, or was already used. Sign in again.');
}

async function finish({ code, issuer, error }: Returned, { verifier, nonce }: Omit<Kept, 'returnTo'>): Promise<Credential> {
  if (error !== null) throw new Error(`The provider refused the sign-in: ${error}`);
  return exchange({ code, verifier, nonce, ...(issuer !== null && { issuer }) });
}

/** Works once: a state that comes again is unknown. */
function takeKept(): Kept | null {
  const text = tabStorage.get(slot);
  tabStorage.remove(slot);
  return text === null ? null : (JSON.parse(text) as Kept);
}

function isTakenElsewhere(returned: Returned): Promise<boolean> {
  const channel = new BroadcastChannel(channelName);
  return new Promise<boolean>((resolve) => {
    setTimeout(() => resolve(false), answeredWithinMs);
    channel.onmessage = ({ data }: MessageEvent<{ taken?: string }>) => data.taken === returned.state && resolve(true);
    channel.postMessage(returned);
  }).finally(() => channel.close());
}

async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await fetch(path, {
    method,
    cache: 'no-store',
    credentials: 'omit',
    ...(signal && { signal }),
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw new Error('Posthorn does not answer. Try again in a moment.', { cause });
  });
  const answer = (await response.json().catch(() => ({}))) as T & { detail?: string };
  if (!response.ok) throw new Error(refusal(response.status, answer.detail));
  return answer;
}

function refusal(status: number, detail: string | undefined): string {
  if (status === 401 && detail?.startsWith('The API key')) return 'This key is not known, has expired, or may not be used from here.';
  return detail ?? `Posthorn answered ${status}. Try again in a moment.`;
}
