// Attacks on sessions: what a page of another site, a thief of a URL, or somebody without a key can do with them.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOpenIdConnect } from '#oidc/open-id-connect';
import { until } from '../../support/until.ts';
import { type ApiServer, apiKey, startApi } from '../api-server.ts';

let api: ApiServer;
/** A provider that never answers. */
let silent: Server;
let asked = 0;

beforeAll(async () => {
  silent = createServer(() => void asked++);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const roles = { claim: 'groups', values: { viewer: ['*'], operator: [], admin: [] } };
  const oidc = { issuer, clientId: 'x', clientSecret: undefined, clientAuth: 'basic' as const, scopes: 'openid', name: 'Silent', roles };
  api = await startApi({
    access: {
      trustProxy: ['127.0.0.0/8'],
      openIdConnectAt: (origin) => createOpenIdConnect({ ...oidc, redirectUri: `${origin}/dashboard/signed-in` }),
    },
  });
});
afterAll(async () => {
  silent.closeAllConnections();
  await Promise.all([api.close(), new Promise<void>((resolve) => silent.close(() => resolve()))]);
});

const signIn = async (): Promise<{ id: string; token: string }> =>
  (await api.call('POST', '/v1/sessions', { key: apiKey }, { key: null })).body;

describe('a page of another site', () => {
  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'can post no form of type %s to sign a browser in or out',
    async (type) => {
      const headers = { 'content-type': type, origin: 'https://evil.example.com' };
      const posted = await api.call('POST', '/v1/sessions', undefined, { key: null, headers, raw: JSON.stringify({ key: apiKey }) });
      expect([posted.status, posted.headers.get('set-cookie')]).toEqual([415, null]);
    },
  );

  it('gets no leave to send JSON or an Authorization header, and cannot read an answer', async () => {
    const headers = {
      origin: 'https://evil.example.com',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    };
    for (const path of ['/v1/sessions', '/v1/sign-in', '/v1/sessions/current']) {
      const { headers: answered } = await api.call('OPTIONS', path, undefined, { key: null, headers });
      expect([...answered.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
    const { headers: answered } = await api.call(
      'POST',
      '/v1/sessions',
      { key: apiKey },
      { key: null, headers: { origin: 'https://evil.example.com' } },
    );
    expect([answered.get('access-control-allow-origin'), answered.get('set-cookie'), answered.get('cache-control')]).toEqual([
      null,
      null,
      'no-store',
    ]);
    expect(answered.get('cross-origin-resource-policy')).toBe('same-origin');
  });
});

it('a token is read from the Authorization header only', async () => {
  const { token } = await signIn();
  const at = (path: string, headers: Record<string, string> = {}) => api.call('GET', path, undefined, { key: null, headers });
  for (const name of ['token', 'access_token', 'session']) expect((await at(`/v1/sessions/current?${name}=${token}`)).status).toBe(401);
  expect((await at('/v1/sessions/current', { cookie: `session=${token}; token=${token}` })).status).toBe(401);
  expect((await at('/v1/sessions/current', { 'x-session': token, 'x-api-key': token })).status).toBe(401);
  // and with the header, a token in the query is refused all the same
  expect((await at(`/v1/sessions/current?token=${token}`, { authorization: `Bearer ${token}` })).status).toBe(422);
  const basic = Buffer.from(`:${token}`).toString('base64');
  expect((await at('/v1/sessions/current', { authorization: `Basic ${basic}` })).status).toBe(401);
});

it('the id of a session, or a token that differs in one character, opens nothing', async () => {
  const { id, token } = await signIn();
  const last = token.endsWith('A') ? 'B' : 'A';
  for (const wrong of [id, `phs_${id.slice(4)}`, token.slice(0, -1), `${token.slice(0, -1)}${last}`, token.toUpperCase(), `${token}A`])
    expect((await api.call('GET', '/v1/sessions/current', undefined, { key: wrong })).status).toBe(401);
});

it('every refusal to sign in with a key says the same', async () => {
  const answers = await Promise.all(
    ['', 'x', `phk_${'x'.repeat(43)}`, `${apiKey}x`].map(
      async (key) => (await api.call('POST', '/v1/sessions', { key: key || ' ' }, { key: null })).body,
    ),
  );
  for (const body of answers) expect(body).toEqual(answers[0]);
  expect(answers[0]).toMatchObject({ status: 401 });
});

/** A step of a sign-in that asks the provider, of a client behind the proxy. */
function askProvider(address: string, n: number): Promise<number> {
  const isCode = n % 2 === 0;
  return fetch(`${api.origin}${isCode ? '/v1/sessions' : '/v1/sign-in'}`, {
    method: 'POST',
    headers: { 'x-forwarded-for': address, ...(isCode && { 'content-type': 'application/json' }) },
    ...(isCode && { body: JSON.stringify({ code: 'x', verifier: 'v'.repeat(43), nonce: 'n'.repeat(43) }) }),
  }).then(({ status }) => status);
}

it('somebody without a key starts only so many requests to the provider, and shuts out nobody else', async () => {
  const answers: number[] = [];
  const all: Promise<number>[] = [];
  const ask = (addresses: string[]) => all.push(...addresses.map((address, n) => askProvider(address, n)));
  const isRefused = async (count: number) => {
    for (const answer of all.splice(0)) void answer.then((status) => answers.push(status));
    await until(`${count} to be refused`, async () => answers.length === count);
    expect(new Set(answers)).toEqual(new Set([429]));
  };
  ask(Array.from({ length: 40 }, () => '203.0.113.9'));
  await isRefused(32);
  // a host has all addresses of its /64 network
  ask(Array.from({ length: 40 }, (_, n) => `2001:db8:0:1::${n.toString(16)}`));
  await isRefused(64);
  // all others have room until there are 64
  ask(Array.from({ length: 49 }, (_, n) => `198.51.100.${n}`));
  await isRefused(65);
  // all that wait share one question
  expect(asked).toBe(1);
  silent.closeAllConnections();
  await until('those that waited to be told', async () => answers.length === 129);
  expect(answers.filter((status) => status === 503)).toHaveLength(64);
  // nothing is counted that has ended
  ask(Array.from({ length: 8 }, () => '203.0.113.9'));
  const later = Promise.all(all);
  await until('the provider to be asked again', async () => asked === 2);
  silent.closeAllConnections();
  expect(await later).toEqual(Array.from({ length: 8 }, () => 503));
});
