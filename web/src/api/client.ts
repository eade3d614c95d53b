// The API of this page: the public client, with the token of this tab. What could not be answered is asked again by itself, so
// nothing that was typed is lost: with a refused token when the same person has signed in again, without a connection when
// Posthorn is back. What one person asked for is never asked again for another.
import { Posthorn } from '@posthorn/client';
import { isAttended } from './attendance.ts';
import { connection, metBy } from './connection.ts';
import { credential } from './credential.ts';
import { giveUp, nobody } from './not-sent.ts';

/** How often an order is repeated that Posthorn may or may not have got. */
const mostRepeats = 5;

async function watchedFetch(url: string, init: RequestInit, repeats = 0, asker = credential.holder()): Promise<Response> {
  if (asker !== credential.holder()) return isRead(url, init) ? nobody() : giveUp(asker, repeats > 0);
  const token = credential.token();
  // a repeat goes without the signal, whose time has passed meanwhile; a stream keeps it, since nothing else would end it
  const isStream = (init.headers as Record<string, string>).accept === 'text/event-stream';
  const again = (count: number) => watchedFetch(url, isStream ? init : { ...init, signal: null }, count, asker);
  // Reads are repeated by the pages. An order is repeated with its Idempotency-Key, so that it is obeyed once.
  const mayRepeat = init.method !== 'GET' && repeats < mostRepeats;
  let response: Response;
  try {
    response = await fetch(url, withToken(init, token));
  } catch (error) {
    // it was given up, or has taken too long: who is slow to answer one question may answer others
    if (!(error instanceof TypeError)) throw error;
    connection.saw('away');
    if (!mayRepeat) throw error;
    await connection.isBack();
    return again(repeats + 1);
  }
  if (response.status === 401 && token !== '') {
    await credential.renewed(token);
    return again(repeats);
  }
  const met = metBy(response.status);
  if (asker !== credential.holder()) return met === 'ok' || isRead(url, init) ? nobody() : giveUp(asker, true);
  connection.saw(met);
  if (met === 'ok' || !mayRepeat) return response;
  await connection.isBack();
  return again(repeats + 1);
}

/** Some reads need a body. */
const readsByPost = /\/v1\/(endpoints\/[^/]+\/preview|event-types\/[^/]+\/compare|(transforms|filters)\/test)$/;

function isRead(url: string, { method, body }: RequestInit): boolean {
  if (method !== 'POST') return method === 'GET';
  return readsByPost.test(url) || (url.endsWith('/v1/replays') && String(body).includes('"dryRun":true'));
}

function withToken(init: RequestInit, token: string): RequestInit {
  const isBackground = init.method === 'GET' && !isAttended();
  const own = { authorization: `Bearer ${token}`, ...(isBackground && { 'posthorn-background': '1' }) };
  return { ...init, cache: 'no-store', credentials: 'omit', headers: { ...(init.headers as object), ...own } };
}

export const posthorn = new Posthorn({
  url: location.origin,
  apiKey: credential.token,
  retries: 0,
  fetch: (url, init) => watchedFetch(url, init),
});
