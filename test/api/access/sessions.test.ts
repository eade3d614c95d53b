// Sessions for a key: what they may, when they end, and who is named for what they do.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { verifyAudit } from '#db/audit/audit-chain';
import { mostSessions, sessionLifeMs } from '#domain/access/session';
import { type ApiServer, apiKey, startApi } from '../api-server.ts';
import { listed } from '../listed.ts';

let api: ApiServer;

beforeAll(async () => {
  api = await startApi();
  for (const tenant of ['acme', 'other']) await api.makeTenant(tenant);
});
afterAll(() => api.close());

interface Made {
  id: string;
  token: string;
  [field: string]: unknown;
}

const makeKey = async (more: object): Promise<{ id: string; key: string }> =>
  (await api.post('/v1/api-keys', { name: 'of a person', scopes: ['admin'], ...more })).body;

async function signIn(key: string): Promise<Made> {
  const { status, body } = await api.call('POST', '/v1/sessions', { key }, { key: null });
  expect([status, body]).toEqual([201, expect.anything()]);
  return body;
}

const statusOf = async (key: string, method: string, path: string, body?: unknown) => (await api.call(method, path, body, { key })).status;
const isOver = async (token: string) => (await statusOf(token, 'GET', '/v1/sessions/current')) === 401;
/** As if the cached row were read again. */
const change = async ({ id }: Made, assignment: string) => {
  await api.db.query(`update sessions set ${assignment} where id = $1`, [id.slice(4)]);
  api.deps.access.callers.forget(id);
};

describe('a session', () => {
  it('of the bootstrap key may do everything, and says so', async () => {
    const { token, ...made } = await signIn(apiKey);
    expect(token).toMatch(/^phs_[A-Za-z0-9_-]{43}$/);
    expect(made).toMatchObject({
      id: expect.stringMatching(/^ses_/),
      name: 'bootstrap',
      person: null,
      key: 'bootstrap',
      role: 'admin',
      scopes: ['admin'],
      tenant: null,
      address: '127.0.0.1',
      revokedAt: null,
    });
    const { body } = await api.call('GET', '/v1/sessions/current', undefined, { key: token });
    expect(body).toEqual(made);
    expect(Date.parse(String(made.endsAt)) - Date.parse(String(made.createdAt))).toBe(30 * 60_000);
    expect(await statusOf(token, 'GET', '/v1/api-keys')).toBe(200);
    expect(await statusOf(token, 'POST', '/v1/tenants', { id: 'made-by-a-session', name: 'x' })).toBe(201);
  });

  it('of an API key has its scopes, its tenant, its addresses and the bounds of what it makes', async () => {
    const key = await makeKey({ tenant: 'acme', scopes: ['endpoints:read', 'deliveries:read'] });
    const session = await signIn(key.key);
    expect(session).toMatchObject({ role: 'viewer', tenant: 'acme', key: key.id, name: key.id });
    expect(await statusOf(session.token, 'GET', '/v1/tenants/acme/endpoints')).toBe(200);
    expect(await statusOf(session.token, 'GET', '/v1/tenants/other/endpoints')).toBe(404);
    expect(await statusOf(session.token, 'POST', '/v1/tenants/acme/endpoints', { url: 'http://127.0.0.1:9/' })).toBe(403);
    expect(await statusOf(session.token, 'GET', '/v1/sessions')).toBe(403);
    const elsewhere = await makeKey({ cidrs: ['203.0.113.0/24'] });
    expect(await statusOf('', 'POST', '/v1/sessions', { key: elsewhere.key })).toBe(401);
    const short = await signIn((await makeKey({ expiresAt: new Date(Date.now() + 86_400_000).toISOString() })).key);
    const { status, body } = await api.call('POST', '/v1/api-keys', { name: 'x', scopes: ['admin'] }, { key: short.token });
    expect([status, Date.parse(body.expiresAt) > Date.now() + sessionLifeMs]).toEqual([201, true]);
  });

  it('is stored as a hash only, and neither logged nor kept for a repeat', async () => {
    const headers = { 'idempotency-key': 'sign-in-1' };
    const [one, two] = await Promise.all(
      [1, 2].map(async () => (await api.call('POST', '/v1/sessions', { key: apiKey }, { key: null, headers })).body as Made),
    );
    expect(one?.id).not.toBe(two?.id);
    const { rows } = await api.db.query('select s::text as row from sessions s union all select k::text from idempotency_keys k');
    const written = JSON.stringify([rows, api.logLines, (await api.get('/v1/audit-log')).body, (await api.get('/v1/sessions')).body]);
    for (const made of [one, two]) expect(written).not.toContain(made?.token.slice(4));
  });

  it('is made of a key only, and of nothing but the named fields', async () => {
    const session = await signIn(apiKey);
    const link = (await api.post('/v1/portal-links', { tenant: 'acme' })).body;
    for (const key of [session.token, link.token, 'wrong', `phk_${'x'.repeat(43)}`, `phs_${'x'.repeat(43)}`])
      expect(await statusOf('', 'POST', '/v1/sessions', { key })).toBe(401);
    const refused = async (body: unknown) => {
      const answer = await api.call('POST', '/v1/sessions', body, { key: null });
      return [answer.status, ...(answer.body.errors ?? []).map(({ path }: { path: string }) => path)];
    };
    expect(await refused({})).toEqual([422, 'key']);
    expect(await refused({ key: 7 })).toEqual([422, 'key']);
    // nobody chooses the token of a session, or its role
    expect(await refused({ key: apiKey, token: session.token })).toEqual([422, 'token']);
    expect(await refused({ key: apiKey, role: 'admin' })).toEqual([422, 'role']);
    const code = { code: 'x', verifier: 'v'.repeat(43), nonce: 'n'.repeat(43) };
    expect(await refused(code)).toEqual([422, 'code']);
    expect((await api.call('POST', '/v1/sign-in', undefined, { key: null })).status).toBe(404);
    expect((await api.call('GET', '/v1/sign-in', undefined, { key: null })).body).toEqual({ key: true, oidc: null });
  });
});

describe('a session ends', () => {
  it('with a sign-out, once', async () => {
    const { token, id } = await signIn(apiKey);
    expect(await statusOf(token, 'DELETE', '/v1/sessions/current')).toBe(204);
    expect(await isOver(token)).toBe(true);
    expect((await api.get('/v1/sessions')).body.data.find((one: Made) => one.id === id).revokedAt).toEqual(expect.any(String));
    expect(await statusOf(apiKey, 'DELETE', '/v1/sessions/current')).toBe(404);
    expect(await statusOf(apiKey, 'GET', '/v1/sessions/current')).toBe(404);
  });

  it('12 hours after the sign-in, and half an hour after its last use', async () => {
    const [old, idle, used] = [await signIn(apiKey), await signIn(apiKey), await signIn(apiKey)];
    await change(old, 'expires_at = now()');
    await change(idle, `last_used_at = now() - interval '30 minutes'`);
    await change(used, `last_used_at = now() - interval '29 minutes'`);
    expect([await isOver(old.token), await isOver(idle.token), await isOver(used.token)]).toEqual([true, true, false]);
    // its use is noted in the background, and keeps it
    await expect
      .poll(
        async () =>
          (await api.db.query("select last_used_at > now() - interval '1 minute' as noted from sessions where id = $1", [used.id.slice(4)]))
            .rows[0]?.noted,
      )
      .toBe(true);
  });

  it('also while a page reads by itself: such calls are no use of a session, and hide no use of a key', async () => {
    const background = { 'posthorn-background': '1' };
    const read = async (key: string, headers: Record<string, string> = {}) =>
      (await api.call('GET', '/v1/deliveries', undefined, { key, headers })).status;
    const usedAgo = async (id: string) =>
      (await api.db.query('select extract(epoch from now() - last_used_at)::int as s from sessions where id = $1', [id.slice(4)])).rows[0]
        ?.s;
    const [unattended, attended, key] = [await signIn(apiKey), await signIn(apiKey), await makeKey({})];
    for (const session of [unattended, attended]) await change(session, `last_used_at = now() - interval '29 minutes'`);
    expect(await read(unattended.token, background)).toBe(200);
    expect(await read(key.key, background)).toBe(200);
    expect(await read(attended.token, { 'posthorn-background': '0' })).toBe(200);
    // uses are noted in their order
    await expect.poll(() => usedAgo(attended.id)).toBeLessThan(60);
    expect(await usedAgo(unattended.id)).toBeGreaterThan(28 * 60);
    await expect
      .poll(async () => (await api.get('/v1/api-keys')).body.data.find(({ id }: { id: string }) => id === key.id).lastUsedAt)
      .not.toBe(null);
    // with the next call of a person the session is used again
    expect(await read(unattended.token)).toBe(200);
    await expect.poll(() => usedAgo(unattended.id)).toBeLessThan(60);
    await change(unattended, `last_used_at = now() - interval '30 minutes'`);
    expect(await read(unattended.token, background)).toBe(401);
  });

  it('not within half an hour of a use that was shortly before its end', async ({ onTestFinished }) => {
    const late = await signIn(apiKey);
    // time stands still, and then passes at once; nothing that was read is ever too old
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const endsAtMs = Date.now() + 60_000;
    await change(late, `last_used_at = to_timestamp(${endsAtMs / 1_000}) - interval '30 minutes'`);
    expect(await isOver(late.token)).toBe(false);
    await expect
      .poll(async () => {
        const { rows } = await api.db.query('select last_used_at from sessions where id = $1', [late.id.slice(4)]);
        return rows[0]?.last_used_at.getTime();
      })
      .toBeGreaterThan(endsAtMs - 30 * 60_000);
    vi.setSystemTime(endsAtMs + 1);
    // its end is read again a moment after that
    await expect.poll(() => isOver(late.token)).toBe(false);
  });

  it('for what lasts at once: one that another process has revoked makes no keys and links', async () => {
    const [ofKey, ofBootstrap] = [await signIn((await makeKey({ tenant: 'acme' })).key), await signIn(apiKey)];
    for (const { id, token } of [ofKey, ofBootstrap]) {
      expect(await statusOf(token, 'POST', '/v1/portal-links', { tenant: 'acme' })).toBe(201);
      await api.db.query('update sessions set revoked_at = now() where id = $1', [id.slice(4)]);
      expect(await statusOf(token, 'GET', '/v1/sessions/current')).toBe(200);
      expect(await statusOf(token, 'POST', '/v1/portal-links', { tenant: 'acme' })).toBe(401);
      expect(await statusOf(token, 'POST', '/v1/api-keys', { name: 'too late', scopes: ['admin'] })).toBe(401);
    }
  });

  it('with its key, however that ends', async () => {
    const parent = await makeKey({});
    const child = (await api.call('POST', '/v1/api-keys', { name: 'child', scopes: ['admin'] }, { key: parent.key })).body;
    const [ofParent, ofChild] = [await signIn(parent.key), await signIn(child.key)];
    const made = (await api.call('POST', '/v1/api-keys', { name: 'by the session', scopes: ['admin'] }, { key: ofParent.token })).body;
    expect([await isOver(ofParent.token), await isOver(ofChild.token), made.createdBy]).toEqual([false, false, parent.id]);
    await api.call('DELETE', `/v1/api-keys/${parent.id}`);
    expect([await isOver(ofParent.token), await isOver(ofChild.token)]).toEqual([true, true]);
    // what the session made was made with the key
    expect(await statusOf(made.key, 'GET', '/v1/api-keys')).toBe(401);
    expect(await statusOf('', 'POST', '/v1/sessions', { key: parent.key })).toBe(401);
    const expiring = await makeKey({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    const last = await signIn(expiring.key);
    await api.db.query(`update api_keys set expires_at = now() where id = $1`, [expiring.id.slice(4)]);
    api.deps.access.callers.forget(last.id);
    expect(await isOver(last.token)).toBe(true);
  });

  it('when the bootstrap key changes, and not when the master key is rotated', async () => {
    const { token } = await signIn(apiKey);
    const { db, log, vault } = api.deps;
    const { createAccess } = await import('#api/access/access');
    const { createVault } = await import('#sealing/vault');
    const withKey = (key: string) => createAccess({ db, log, vault, apiKey: key }).callers.find(token);
    const rotated = createVault([Buffer.alloc(32, 8), Buffer.alloc(32, 7)].map((bytes) => bytes.toString('base64')));
    expect(await withKey(apiKey)).toMatchObject({ caller: { kind: 'session' } });
    expect(await createAccess({ db, log, vault: rotated, apiKey }).callers.find(token)).toMatchObject({ caller: { kind: 'session' } });
    expect(await withKey('another-key-0123456789')).toBe(null);
  });

  it('when an administrator revokes it, who sees those of the own tenant only', async () => {
    const [acme, other] = await Promise.all(['acme', 'other'].map(async (tenant) => makeKey({ tenant })));
    const [ofAcme, ofOther] = [await signIn(acme?.key ?? ''), await signIn(other?.key ?? '')];
    const seen = (await api.call('GET', '/v1/sessions', undefined, { key: ofAcme.token })).body.data.map(({ id }: Made) => id);
    expect([seen.includes(ofAcme.id), seen.includes(ofOther.id)]).toEqual([true, false]);
    expect(await statusOf(ofAcme.token, 'DELETE', `/v1/sessions/${ofOther.id}`)).toBe(404);
    expect(await isOver(ofOther.token)).toBe(false);
    expect(await statusOf(apiKey, 'DELETE', `/v1/sessions/${ofOther.id}`)).toBe(204);
    expect(await statusOf(apiKey, 'DELETE', `/v1/sessions/${ofOther.id}`)).toBe(204);
    expect([await isOver(ofOther.token), await isOver(ofAcme.token)]).toEqual([true, false]);
    expect(await listed(api, '/v1/sessions')).toContain(ofOther.id);
  });

  it('when one key has too many: the one used longest ago', async () => {
    const { key } = await makeKey({ tenant: 'other' });
    const first = await signIn(key);
    for (let n = 1; n < mostSessions; n++) await signIn(key);
    api.deps.access.callers.forget(first.id);
    expect(await isOver(first.token)).toBe(false);
    await signIn(key);
    api.deps.access.callers.forget(first.id);
    expect(await isOver(first.token)).toBe(true);
  });
});

it('the audit log names who signed in, in what its hashes cover', async () => {
  const key = await makeKey({ tenant: 'acme' });
  const session = await signIn(key.key);
  const { status } = await api.call('POST', '/v1/tenants/acme/endpoints', { url: 'http://127.0.0.1:9/audited' }, { key: session.token });
  expect(status).toBe(201);
  await api.call('DELETE', '/v1/sessions/current', undefined, { key: session.token });
  const { data } = (await api.get('/v1/audit-log?tenant=acme&limit=3')).body;
  const actor = { kind: 'session', id: session.id, name: key.id };
  expect(data).toMatchObject([
    { action: 'session.revoke', actor, target: { kind: 'session', id: session.id }, before: { name: key.id } },
    { action: 'endpoint.create', actor },
    {
      action: 'session.create',
      actor: { kind: 'api_key', id: key.id },
      after: { name: key.id, role: 'admin', scopes: ['admin'] },
    },
  ]);
  expect(await verifyAudit(api.db)).toMatchObject({ head: expect.any(String) });
  // a tenant sees the names of its own sessions, and not those of the operator
  const operator = await signIn(apiKey);
  await api.call('POST', '/v1/tenants/acme/endpoints', { url: 'http://127.0.0.1:9/by-operator' }, { key: operator.token });
  const seen = (await api.call('GET', '/v1/audit-log?limit=2&action=endpoint.create', undefined, { key: key.key })).body.data;
  expect(seen).toMatchObject([
    { actor: { kind: 'session', id: operator.id }, address: null },
    { actor, address: '127.0.0.1' },
  ]);
  expect(seen[0].actor).not.toHaveProperty('name');
});

it('a stream and an export end with the session', async () => {
  const { recheckCredentials } = await import('#db/access/recheck-credentials');
  const session = await signIn(apiKey);
  const caller = { kind: 'session' as const, id: session.id };
  expect(await recheckCredentials(api.db, caller)).toBe(true);
  await change(session, `last_used_at = now() - interval '31 minutes'`);
  expect(await recheckCredentials(api.db, caller)).toBe(false);
});

it('sessions of one key share its rate limit, and signing in counts', async () => {
  const { key } = await makeKey({ rateLimit: { perSecond: 1, burst: 5 } });
  const statuses: number[] = [];
  for (let n = 0; n < 8; n++) {
    const { status, body } = await api.call('POST', '/v1/sessions', { key }, { key: null });
    statuses.push(status);
    if (status === 201) statuses.push(await statusOf(body.token, 'GET', '/v1/sessions/current'));
  }
  expect(statuses.filter((status) => status < 300).length).toBeLessThanOrEqual(7);
  expect(statuses.at(-1)).toBe(429);
});
