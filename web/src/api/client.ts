// The API of this page: the public client, with the token of this tab. A refused token waits for the next sign-in, and the
// request is then made again. So nothing that was typed is lost.
import { Posthorn } from '@posthorn/client';
import { connection } from './connection.ts';
import { credential } from './credential.ts';

async function watchedFetch(url: string, init: RequestInit): Promise<Response> {
  const token = credential.token();
  const response = await fetch(url, withToken(init, token)).catch((error: unknown) => {
    if (error instanceof TypeError) connection.saw('away');
    throw error;
  });
  if (response.status === 401 && token !== '') {
    await credential.renewed(token);
    // without the signal: its time has passed meanwhile
    return watchedFetch(url, { ...init, signal: null });
  }
  if (response.status === 503) connection.saw('store_away');
  else connection.saw('ok');
  return response;
}

function withToken(init: RequestInit, token: string): RequestInit {
  return { ...init, cache: 'no-store', credentials: 'omit', headers: { ...(init.headers as object), authorization: `Bearer ${token}` } };
}

/** Reads are repeated by the page when Posthorn answers again; orders are repeated here, with one Idempotency-Key. */
export const posthorn = new Posthorn({ url: location.origin, apiKey: credential.token, retries: 0, fetch: watchedFetch });
