// Sign-in through a real OpenID Connect provider (oidc-provider): roles, names, and attacks on the exchange.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '#domain/access/session';
import { createOpenIdConnect } from '#oidc/open-id-connect';
import { type Provider, startProvider } from '../../support/oidc.ts';
import { type ApiServer, startApi } from '../api-server.ts';

let provider: Provider;
let api: ApiServer;

const values: Record<Role, string[]> = { viewer: ['staff'], operator: ['on-call'], admin: ['platform'] };

beforeAll(async () => {
  provider = await startProvider({
    ada: { email: 'ada@example.com', email_verified: true, groups: ['platform'] },
    bob: { email: 'bob@example.com', email_verified: false, name: 'Bob', groups: ['on-call', 'staff'] },
    vera: { groups: ['staff'] },
    mallory: { name: 'Mallory', groups: ['nobody'] },
  });
  api = await startApi({ access: { openIdConnectAt: (origin) => connect(`${origin}/dashboard/signed-in`) } });
  await api.makeTenant('acme');
  provider.redirectUris.push(`${api.origin}/dashboard/signed-in`);
});
afterAll(async () => {
  await api.close();
  await provider.close();
});

const connect = (redirectUri: string, more: object = {}) =>
  createOpenIdConnect({
    issuer: provider.issuer,
    clientId: 'posthorn',
    clientSecret: provider.clientSecret,
    clientAuth: 'basic',
    scopes: 'openid email profile',
    name: 'Test ID',
    redirectUri,
    roles: { claim: 'groups', values },
    ...more,
  });

interface Begun {
  url: string;
  state: string;
  nonce: string;
  verifier: string;
}

const open = { key: null };
const begin = async (): Promise<Begun> => (await api.call('POST', '/v1/sign-in', undefined, open)).body;

/** As the page does: compares the state, and sends what it kept. */
async function signIn(person: string, kept: Partial<Begun> = {}, more: object = {}) {
  const begun = await begin();
  const { code, state, iss } = await provider.authorize(begun.url, person);
  expect(state).toBe(begun.state);
  const { verifier, nonce } = { ...begun, ...kept };
  return api.call('POST', '/v1/sessions', { code, verifier, nonce, ...(iss && { issuer: iss }), ...more }, open);
}

/** Of the last refusal, from the log: the answer says nothing of it. */
const lastReason = () => {
  const line = api.logLines.findLast(({ msg }) => msg === 'access.sign_in_refused');
  return `${(line?.err as Error | undefined)?.message} ${(line?.err as Error | undefined)?.stack}`;
};

const may = async (key: string, method: string, path: string, body?: unknown) => (await api.call(method, path, body, { key })).status;

describe('a person', () => {
  it('gets a session with the role of the highest group, named in the audit log', async () => {
    const ada = (await signIn('ada')).body;
    expect(ada).toMatchObject({ name: 'ada@example.com (ada)', role: 'admin', scopes: ['admin'], key: null, tenant: null });
    expect(ada.person).toEqual({ issuer: provider.issuer, subject: 'ada', email: 'ada@example.com', name: null });
    expect(await may(ada.token, 'POST', '/v1/tenants', { id: 'by-ada', name: 'x' })).toBe(201);
    const [made, signedIn] = (await api.get('/v1/audit-log?limit=2')).body.data;
    const actor = { kind: 'session', id: ada.id, name: 'ada@example.com (ada)' };
    expect([made, signedIn]).toMatchObject([
      { action: 'tenant.create', actor },
      { action: 'session.create', actor, after: { role: 'admin', subject: 'ada', email: 'ada@example.com', issuer: provider.issuer } },
    ]);
    const key = (await api.call('POST', '/v1/api-keys', { name: 'x', scopes: ['events:write'] }, { key: ada.token })).body;
    expect(key.createdBy).toBe(ada.id);
    // a key stays when the person who made it signs out
    await may(ada.token, 'DELETE', '/v1/sessions/current');
    expect(await may(key.key, 'POST', '/v1/tenants/acme/events', { type: 'a', data: 1 })).toBe(202);
  });

  it('may do what the role allows, and no more', async () => {
    const tokens = {
      viewer: (await signIn('vera')).body.token,
      operator: (await signIn('bob')).body.token,
      admin: (await signIn('ada')).body.token,
    };
    const statuses = async (method: string, path: string, body?: unknown) =>
      Promise.all((['viewer', 'operator', 'admin'] as const).map((role) => may(tokens[role], method, path, body)));
    expect(await statuses('GET', '/v1/tenants')).toEqual([200, 200, 200]);
    expect(await statuses('GET', '/v1/deliveries')).toEqual([200, 200, 200]);
    expect(await statuses('POST', '/v1/tenants/acme/endpoints', { url: 'http://127.0.0.1:9/hook' })).toEqual([403, 201, 201]);
    expect(await statuses('POST', '/v1/tenants/acme/events', { type: 'a', data: 1 })).toEqual([403, 202, 202]);
    expect(await statuses('GET', '/v1/api-keys')).toEqual([403, 403, 200]);
    expect(await statuses('GET', '/v1/sessions')).toEqual([403, 403, 200]);
    expect(await statuses('POST', '/v1/tenants', { name: 'x' })).toEqual([403, 403, 201]);
    expect((await api.call('GET', '/v1/sessions/current', undefined, { key: tokens.operator })).body).toMatchObject({
      role: 'operator',
      // an address that the provider did not verify is not shown
      name: 'Bob (bob)',
      person: { email: null },
    });
  });

  it('keeps its Idempotency-Keys after a new sign-in, and shares them with nobody', async () => {
    const tokens = [await signIn('bob'), await signIn('bob'), await signIn('ada')].map(({ body }) => body.token);
    const url = 'http://127.0.0.1:9/ordered-once';
    const ids: string[] = [];
    for (const key of tokens) {
      const answer = await api.call('POST', '/v1/tenants/acme/endpoints', { url }, { key, headers: { 'idempotency-key': 'lost-answer' } });
      expect(answer.status).toBe(201);
      ids.push(answer.body.id);
    }
    const [first, again, ofAnother] = ids;
    expect(again).toBe(first);
    expect(ofAnother).not.toBe(first);
    const { body } = await api.get('/v1/tenants/acme/endpoints');
    expect(body.data.filter((one: { url: string }) => one.url === url)).toHaveLength(2);
  });

  it('without a role is refused with 403, and told who they are', async () => {
    const { status, body } = await signIn('mallory');
    expect([status, body.detail]).toEqual([403, expect.stringContaining('Mallory (mallory) has no role here')]);
  });

  it('loses every session when the settings of the provider change', async () => {
    const { token } = (await signIn('ada')).body;
    const { createAccess } = await import('#api/access/access');
    const { db, log, vault } = api.deps;
    const redirectUri = `${api.origin}/dashboard/signed-in`;
    const found = async (openIdConnect: ReturnType<typeof connect> | null) =>
      (await createAccess({ db, log, vault, apiKey: 'another-bootstrap-key', openIdConnect }).callers.find(token)) !== null;
    expect(await found(connect(redirectUri))).toBe(true);
    expect(await found(connect(redirectUri, { roles: { claim: 'groups', values: { ...values, admin: [] } } }))).toBe(false);
    expect(await found(null)).toBe(false);
  });

  it('signs in at a public client too, and at one that sends its secret in the body', async () => {
    const redirectUri = `${api.origin}/dashboard/signed-in`;
    for (const settings of [
      { clientId: 'public', clientSecret: undefined },
      { clientId: 'by-post', clientAuth: 'post' },
    ]) {
      const oidc = connect(redirectUri, settings);
      const { url, verifier, nonce } = await oidc.begin();
      const { code, iss } = await provider.authorize(url, 'ada');
      expect(await oidc.finish({ code, verifier, nonce, ...(iss && { issuer: iss }) })).toMatchObject({ role: 'admin' });
    }
  });
});

describe('refused with 401:', () => {
  it('a code that is used twice', async () => {
    const begun = await begin();
    const { code, iss: issuer } = await provider.authorize(begun.url, 'ada');
    const body = { code, issuer, verifier: begun.verifier, nonce: begun.nonce };
    expect((await api.call('POST', '/v1/sessions', body, open)).status).toBe(201);
    // also with the same Idempotency-Key: no answer is kept that a thief could ask for again
    for (const headers of [undefined, { 'idempotency-key': 'again' }]) {
      expect((await api.call('POST', '/v1/sessions', body, { key: null, ...(headers && { headers }) })).status).toBe(401);
      expect(lastReason()).toMatch(/invalid_grant/);
    }
  });

  it('a stolen code, without the verifier of its sign-in', async () => {
    const attackers = await begin();
    expect((await signIn('ada', { verifier: attackers.verifier })).status).toBe(401);
    expect((await signIn('ada', { verifier: attackers.verifier, nonce: attackers.nonce })).status).toBe(401);
    expect(lastReason()).toMatch(/invalid_grant/);
  });

  it('a code that was injected into another sign-in: its nonce differs', async () => {
    const attackers = await begin();
    expect((await signIn('ada', { nonce: attackers.nonce })).status).toBe(401);
    expect(lastReason()).toMatch(/nonce|claim/);
  });

  it('a code of another client, and an answer of another issuer', async () => {
    const other = connect(`${api.origin}/dashboard/signed-in`, { clientId: 'public', clientSecret: undefined });
    const begun = await other.begin();
    const { code, iss: issuer } = await provider.authorize(begun.url, 'ada');
    const body = { code, issuer, verifier: begun.verifier, nonce: begun.nonce };
    expect((await api.call('POST', '/v1/sessions', body, open)).status).toBe(401);
    expect(lastReason()).toMatch(/invalid_grant/);
    expect((await signIn('ada', {}, { issuer: 'https://evil.example.com' })).status).toBe(401);
    expect(lastReason()).toMatch(/iss/);
  });

  it('an invented code', async () => {
    const { verifier, nonce } = await begin();
    expect((await api.call('POST', '/v1/sessions', { code: 'x', issuer: provider.issuer, verifier, nonce }, open)).status).toBe(401);
  });
});

it('the name of a person is in what the audit log proves', async () => {
  const { id } = (await signIn('ada')).body;
  const verify = async (query = '') => (await api.get(`/v1/audit-log/verification${query}`)).body;
  const whole = await verify();
  expect(whole).toMatchObject({ unbroken: true, entries: expect.any(Number), head: expect.stringMatching(/^[0-9a-f]{64}$/), broken: null });
  expect(await verify(`?expect=${whole.head}`)).toMatchObject({ unbroken: true });
  expect(await verify(`?expect=${'0'.repeat(63)}1`)).toMatchObject({
    unbroken: false,
    entries: null,
    broken: { reason: expect.stringContaining('is missing') },
  });
  expect((await api.get('/v1/audit-log/verification?expect=x')).status).toBe(422);
  await api.db.query('alter table posthorn_audit.audit_log disable trigger audit_log_stays');
  const { rows } = await api.db.query(
    `update posthorn_audit.audit_log set actor_id = replace(actor_id, 'ada@', 'eve@') where actor_id like $1 returning seq`,
    [`${id} %`],
  );
  expect(await verify()).toMatchObject({
    unbroken: false,
    broken: { seq: rows[0]?.seq, reason: 'was changed after it was written' },
    unguarded: [expect.stringContaining('triggers')],
  });
  await api.db.query(`update posthorn_audit.audit_log set actor_id = replace(actor_id, 'eve@', 'ada@')`);
  await api.db.query('alter table posthorn_audit.audit_log enable always trigger audit_log_stays');
  expect(await verify()).toMatchObject({ unbroken: true, unguarded: [] });
});

it('every sign-in has its own state, nonce and challenge, and the verifier is not in the URL', async () => {
  const [one, two] = [await begin(), await begin()];
  for (const field of ['state', 'nonce', 'verifier'] as const) expect(one[field]).not.toBe(two[field]);
  const query = new URL(one.url).searchParams;
  expect(query.get('code_challenge_method')).toBe('S256');
  expect(one.url).not.toContain(one.verifier);
  expect([query.get('state'), query.get('nonce')]).toEqual([one.state, one.nonce]);
});

it('a provider that is away, or refuses Posthorn itself, is a 503 that says so', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => closed.once('listening', resolve));
  const port = (closed.address() as AddressInfo).port;
  await new Promise((resolve) => closed.close(resolve));
  const redirectUri = `${api.origin}/dashboard/signed-in`;
  await expect(connect(redirectUri, { issuer: `http://127.0.0.1:${port}` }).begin()).rejects.toThrow('does not answer');
  const wrong = connect(redirectUri, { clientSecret: 'not the secret' });
  const { url, verifier, nonce } = await wrong.begin();
  const { code, iss } = await provider.authorize(url, 'ada');
  await expect(wrong.finish({ code, verifier, nonce, ...(iss && { issuer: iss }) })).rejects.toThrow('refuses the client id or the secret');
});
