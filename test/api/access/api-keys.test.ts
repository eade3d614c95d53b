// API keys: scopes, expiry, address ranges, rate limits and tenant binding.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccess } from '#api/access/access';
import { mostAtOnce } from '#api/access/tenant-concurrency';
import { apiKeys } from '#cli/api-keys';
import { ConfigError, readConfig } from '#config/config';
import { deleteTenant } from '#db/access/tenants';
import { until } from '../../support/until.ts';
import { type ApiServer, apiKey, startApi } from '../api-server.ts';
import { listed } from '../listed.ts';

let api: ApiServer;
const event = { type: 'order.created', data: 1 };
const all = ['events:write', 'endpoints:read', 'endpoints:write', 'deliveries:read', 'deliveries:act', 'admin'];

beforeAll(async () => {
  api = await startApi({ logLevel: 'debug', access: { trustProxy: ['127.0.0.1/32'] } });
  for (const tenant of ['acme', 'other']) await api.makeTenant(tenant);
});
afterAll(() => api.close());

interface Made {
  id: string;
  key: string;
  prefix: string;
}

async function make(more: object = {}, by = apiKey): Promise<Made> {
  const { status, body } = await api.call('POST', '/v1/api-keys', { name: 'test', scopes: ['admin'], ...more }, { key: by });
  expect([status, body]).toEqual([201, expect.anything()]);
  return body;
}

const as = (key: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  api.call(method, path, body, { key, headers });
const statusOf = async (key: string, method: string, path: string, body?: unknown) => (await as(key, method, path, body)).status;

describe('an API key', () => {
  it('is shown once and stored as a hash', async () => {
    const made = await make({ name: 'billing', scopes: ['deliveries:read', 'events:write'], rateLimit: { perSecond: 5, burst: 10 } });
    expect(made.key).toMatch(/^phk_[A-Za-z0-9_-]{43}$/);
    const { key, ...shown } = made;
    expect(shown).toMatchObject({
      id: expect.stringMatching(/^key_/),
      prefix: key.slice(0, 10),
      name: 'billing',
      scopes: ['events:write', 'deliveries:read'],
      tenant: null,
      cidrs: [],
      rateLimit: { perSecond: 5, burst: 10 },
      expiresAt: null,
      lastUsedAt: null,
      revokedAt: null,
      createdBy: 'bootstrap',
    });
    expect((await api.get('/v1/api-keys?limit=1')).body.data).toEqual([shown]);
    const { rows } = await api.db.query(`select k::text as row, encode(hash, 'hex') as hash from api_keys k where name = 'billing'`);
    expect(rows[0].hash).toBe(createHash('sha256').update(key).digest('hex'));
    expect(rows[0].row).not.toContain(key.slice(10));
    expect(JSON.stringify(api.logLines)).not.toContain(key.slice(10));
  });

  it.each<[string, string, string, unknown, number]>([
    ['events:write', 'POST', '/v1/tenants/acme/events', event, 202],
    ['endpoints:read', 'GET', '/v1/tenants/acme/endpoints', undefined, 200],
    ['endpoints:write', 'POST', '/v1/tenants/acme/endpoints', { url: 'http://127.0.0.1:9/hook' }, 201],
    ['deliveries:read', 'GET', '/v1/deliveries', undefined, 200],
    ['deliveries:act', 'POST', '/v1/deliveries/dlv_0199c8f0000070008000000000000000/cancel', undefined, 404],
    ['admin', 'GET', '/v1/api-keys', undefined, 200],
  ])('with scope %s may call %s %s, and without it gets 403 before the body is read', async (scope, method, path, body, status) => {
    const one = await make({ scopes: [scope] });
    expect(await statusOf(one.key, method, path, body)).toBe(status);
    const others = await make({ scopes: all.filter((name) => name !== scope && name !== 'admin') });
    const refused = await as(others.key, method, path, body && 'rubbish');
    expect(refused).toMatchObject({
      status: 403,
      body: { status: 403, detail: `This operation needs the scope ${scope}, which the key does not have.` },
    });
    expect(refused.headers.get('www-authenticate')).toContain(`scope="${scope}"`);
    expect(await statusOf((await make()).key, method, path, body)).toBe(status);
  });

  it('works until it expires', async () => {
    const inAMinute = new Date(Date.now() + 60_000 + (23 * 60 + 59) * 60_000).toISOString().replace('Z', '+23:59');
    const { id, key } = await make({ expiresAt: inAMinute });
    expect(await statusOf(key, 'GET', '/v1/tenants')).toBe(200);
    await api.db.query(`update api_keys set expires_at = now() - interval '1 second' where id = $1`, [id.slice(4)]);
    api.deps.access.callers.forget(id);
    expect(await statusOf(key, 'GET', '/v1/tenants')).toBe(401);
  });

  it('stops working at once in the process that revokes it, and within 5 s in others', async () => {
    const { id, key } = await make();
    const { db, log, vault } = api.deps;
    const elsewhere = createAccess({ db, log, vault, apiKey }).callers;
    expect(await statusOf(key, 'GET', '/v1/tenants')).toBe(200);
    expect(await elsewhere.find(key)).toMatchObject({ caller: { id } });
    expect(await statusOf(apiKey, 'DELETE', `/v1/api-keys/${id}`)).toBe(204);
    expect(await statusOf(key, 'GET', '/v1/tenants')).toBe(401);
    await until('the other process to know', async () => (await elsewhere.find(key)) === null);
    expect(await statusOf(apiKey, 'DELETE', `/v1/api-keys/${id}`)).toBe(204);
    const { body } = await api.get('/v1/api-keys?limit=1');
    expect(body.data[0]).toMatchObject({ id, revokedAt: expect.any(String) });
  });

  it('works only from its address ranges, as reported by trusted proxies', async () => {
    const { key } = await make({ cidrs: ['203.0.113.0/24', '2001:db8::/32'] });
    const from = async (address: string) => (await as(key, 'GET', '/v1/tenants', undefined, { 'x-forwarded-for': address })).status;
    expect(await statusOf(key, 'GET', '/v1/tenants')).toBe(401);
    expect(await from('203.0.113.9')).toBe(200);
    expect(await from('2001:db8::9')).toBe(200);
    expect(await from('198.51.100.9')).toBe(401);
    // a value that the client sends stands to the left of the one that the proxy adds
    expect(await from('203.0.113.9, 198.51.100.9')).toBe(401);
  });

  it('records its last use once a minute', async () => {
    const { id, key } = await make();
    for (let call = 0; call < 3; call++) expect(await statusOf(key, 'GET', '/v1/tenants')).toBe(200);
    const read = async () => {
      const { rows } = await api.db.query('select last_used_at, xmin from api_keys where id = $1', [id.slice(4)]);
      return rows[0].last_used_at && rows[0];
    };
    const noted = await until('the use to be noted', read);
    api.deps.access.callers.forget(id);
    expect(await statusOf(key, 'GET', '/v1/tenants')).toBe(200);
    expect(await read()).toEqual(noted);
  });

  it('does not share Idempotency-Keys with other keys', async () => {
    const [one, two] = [await make(), await make()];
    const post = (key: string) => as(key, 'POST', '/v1/tenants', { name: 'x' }, { 'idempotency-key': 'same' });
    const first = await post(one.key);
    expect((await post(one.key)).body).toEqual(first.body);
    expect((await post(two.key)).body.id).not.toBe(first.body.id);
  });

  it('is created once by a repeated request, and again if its text was never sent', async () => {
    const ask = () => api.post('/v1/api-keys', { name: 'once', scopes: ['admin'] }, { headers: { 'idempotency-key': 'one-key' } });
    const first = await ask();
    expect((await ask()).body).toEqual(first.body);
    // as if the process had crashed before it stored the answer
    await api.db.query(`update idempotency_keys set status = null, claimed_until = now() - interval '1 second' where key = 'one-key'`);
    const again = await ask();
    expect(again.body.id).toBe(first.body.id);
    expect(again.body.key).not.toBe(first.body.key);
    expect([await statusOf(first.body.key, 'GET', '/v1/tenants'), await statusOf(again.body.key, 'GET', '/v1/tenants')]).toEqual([
      401, 200,
    ]);
  });

  it.each<[string, object, string]>([
    ['no scope', { scopes: [] }, 'scopes'],
    ['an unknown scope', { scopes: ['all'] }, 'scopes[0]'],
    ['no name', { name: '' }, 'name'],
    ['a malformed range', { cidrs: ['10.0.0.0'] }, 'cidrs[0]'],
    ['an expiry in the past', { expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
    ['a rate of zero', { rateLimit: { perSecond: 0 } }, 'rateLimit.perSecond'],
  ])('with %s is refused', async (_, wrong, path) => {
    const refused = await api.post('/v1/api-keys', { name: 'x', scopes: ['admin'], ...wrong });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ path }] } });
  });

  it('of an unknown tenant or with an unknown id gets 404', async () => {
    expect((await api.post('/v1/api-keys', { name: 'x', scopes: ['admin'], tenant: 'nobody' })).status).toBe(404);
    expect((await api.get('/v1/api-keys?tenant=nobody')).status).toBe(404);
    expect((await api.call('DELETE', '/v1/api-keys/key_0199c8f0000070008000000000000000')).status).toBe(404);
    expect((await api.call('DELETE', '/v1/api-keys/mine')).status).toBe(404);
  });

  it('that does not exist gets 401, whatever its form', async () => {
    for (const key of ['phk_', `phk_${'A'.repeat(43)}`, `phk_${'A'.repeat(44)}`, 'a.b.c', '...', '%00', 'x'.repeat(8_000)])
      expect([key.slice(0, 50), await statusOf(key, 'GET', '/v1/tenants')]).toEqual([key.slice(0, 50), 401]);
  });
});

describe('a key bound to a tenant', () => {
  let own: Made;
  let foreign: Made;
  beforeAll(async () => {
    own = await make({ tenant: 'acme' });
    foreign = await make({ tenant: 'other' });
  });

  it('gets 404 for other tenants', async () => {
    expect(await statusOf(own.key, 'POST', '/v1/tenants/acme/events', event)).toBe(202);
    for (const path of ['/v1/tenants/other', '/v1/tenants/nobody', '/v1/tenants/other/endpoints', '/v1/deliveries?tenant=other'])
      expect(await as(own.key, 'GET', path)).toMatchObject({ status: 404, body: { detail: 'There is no such tenant.' } });
    expect(await statusOf(own.key, 'POST', '/v1/tenants/other/events', event)).toBe(404);
  });

  it('may not call operations on all tenants, nor delete its own tenant', async () => {
    const calls: [string, string, unknown?][] = [
      ['GET', '/v1/tenants'],
      ['POST', '/v1/tenants', { name: 'x' }],
      ['DELETE', '/v1/tenants/acme'],
      ['GET', '/v1/status'],
    ];
    for (const [method, path, body] of calls) expect([path, await statusOf(own.key, method, path, body)]).toEqual([path, 403]);
  });

  it('creates, lists and revokes only keys of its tenant', async () => {
    const made = await make({ scopes: ['events:write'] }, own.key);
    expect(made).toMatchObject({ tenant: 'acme', createdBy: own.id });
    const page = (await as(own.key, 'GET', '/v1/api-keys')).body.data;
    expect(page.map(({ id }: Made) => id)).toEqual([made.id, own.id]);
    expect(await listed(api, '/v1/api-keys?tenant=other')).toEqual([foreign.id]);
    expect(await statusOf(own.key, 'GET', '/v1/api-keys?tenant=other')).toBe(404);
    expect(await statusOf(own.key, 'POST', '/v1/api-keys', { name: 'x', scopes: ['admin'], tenant: 'other' })).toBe(404);
    expect(await statusOf(own.key, 'DELETE', `/v1/api-keys/${foreign.id}`)).toBe(404);
    expect(await statusOf(foreign.key, 'GET', '/v1/tenants/other')).toBe(200);
    expect(await statusOf(own.key, 'DELETE', `/v1/api-keys/${made.id}`)).toBe(204);
    expect(await statusOf(made.key, 'POST', '/v1/tenants/acme/events', event)).toBe(401);
  });

  it('cannot create a key without the admin scope', async () => {
    const { key } = await make({ tenant: 'acme', scopes: all.filter((scope) => scope !== 'admin') });
    expect(await statusOf(key, 'POST', '/v1/api-keys', { name: 'x', scopes: ['events:write'] })).toBe(403);
    expect(await statusOf(key, 'GET', '/v1/api-keys')).toBe(403);
  });

  it('stops working at once when its tenant is deleted, and in other processes never reaches a new tenant of the same id', async () => {
    await api.makeTenant('brief');
    const { key } = await make({ tenant: 'brief' });
    expect(await statusOf(key, 'GET', '/v1/tenants/brief')).toBe(200);
    await api.call('DELETE', '/v1/tenants/brief');
    expect(await statusOf(key, 'GET', '/v1/tenants/brief')).toBe(401);
    await api.makeTenant('brief');
    const { key: old } = await make({ tenant: 'brief' });
    expect(await statusOf(old, 'POST', '/v1/tenants/brief/events', event)).toBe(202);
    // as if another process deleted it
    await deleteTenant(api.db, 'brief');
    await api.makeTenant('brief');
    expect(await statusOf(old, 'POST', '/v1/tenants/brief/events', event)).toBe(404);
    expect(await statusOf(old, 'POST', '/v1/tenants/brief/events/batch', { events: [event] })).toBe(404);
    expect(await statusOf(apiKey, 'POST', '/v1/tenants/brief/events', event)).toBe(202);
  });

  it('cannot change the rate limit of its tenant', async () => {
    for (const rateLimit of [null, { perSecond: 1_000 }])
      expect(await as(own.key, 'PATCH', '/v1/tenants/acme', { rateLimit })).toMatchObject({
        status: 403,
        body: { errors: [{ path: 'rateLimit' }] },
      });
    expect(await statusOf(own.key, 'PATCH', '/v1/tenants/acme', { name: 'Acme' })).toBe(200);
  });

  it('has a limited number of concurrent requests and leaves connections to others', async () => {
    const client = await api.db.connect();
    await client.query('begin');
    await client.query('select from tenants where external_id = $1 for update', ['acme']);
    const waiting = Array.from({ length: mostAtOnce }, (_, n) => statusOf(own.key, 'PATCH', '/v1/tenants/acme', { name: `Acme ${n}` }));
    try {
      const locked = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      await until('all to be under way', async () => (await api.db.query(locked)).rowCount === mostAtOnce);
      const refused = await as(own.key, 'GET', '/v1/tenants/acme');
      expect(refused.status).toBe(429);
      expect(refused.headers.get('retry-after')).toBe('1');
      expect(refused.body.detail).toContain('Too many concurrent requests');
      expect(await statusOf(foreign.key, 'GET', '/v1/tenants/other')).toBe(200);
    } finally {
      await client.query('rollback');
      client.release();
    }
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => 200));
    // none of these is in progress any more once it is answered
    for (let n = 0; n < 3 * mostAtOnce; n++) {
      const method = n % 2 ? 'GET' : 'HEAD';
      await until('its place to be free', async () => (await statusOf(own.key, method, '/v1/deliveries/export')) === 200);
      await as(own.key, 'POST', '/v1/portal-links', {}, { 'idempotency-key': 'a b' });
    }
  });
});

describe('a key or link created with a key', () => {
  const soon = () => new Date(Date.now() + 600_000).toISOString();
  const here = { cidrs: ['127.0.0.0/8'], rateLimit: { perSecond: 50, burst: 100 } };

  it('inherits the limits of the key, or gets tighter ones on request', async () => {
    const expiresAt = soon();
    const held = await make({ tenant: 'acme', expiresAt, ...here });
    expect(await make({}, held.key)).toMatchObject({ expiresAt, ...here });
    const less = {
      cidrs: ['127.0.0.1/32'],
      rateLimit: { perSecond: 5, burst: 100 },
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
    };
    expect(await make(less, held.key)).toMatchObject(less);
    const link = async (body: object) => as(held.key, 'POST', '/v1/portal-links', body);
    expect((await link({})).body.expiresAt).toBe(`${expiresAt.slice(0, 19)}.000Z`);
    expect(await link({ expiresIn: '20m' })).toMatchObject({ status: 422, body: { errors: [{ path: 'expiresIn' }] } });
    expect((await link({ expiresIn: '5m' })).status).toBe(201);
  });

  it.each<[string, object]>([
    ['expiresAt', { expiresAt: '2099-01-01T00:00:00Z' }],
    ['cidrs', { cidrs: ['127.0.0.1/32', '10.0.0.0/8'] }],
    ['cidrs', { cidrs: ['0.0.0.0/0'] }],
    ['rateLimit', { rateLimit: { perSecond: 51 } }],
    ['rateLimit', { rateLimit: { perSecond: 50, burst: 200 } }],
  ])('cannot get more of %s', async (path, more) => {
    const held = await make({ expiresAt: soon(), ...here });
    const refused = await as(held.key, 'POST', '/v1/api-keys', { name: 'x', scopes: ['admin'], ...more });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ path }] } });
  });

  it('is revoked with it, at any depth', async () => {
    const parent = await make({ tenant: 'acme' });
    const child = await make({}, parent.key);
    const grandchild = await make({}, child.key);
    const link = (await as(child.key, 'POST', '/v1/portal-links', {})).body;
    const stranger = await make({ tenant: 'acme' });
    for (const key of [grandchild.key, link.token]) expect(await statusOf(key, 'GET', '/v1/deliveries')).toBe(200);
    expect(await statusOf(stranger.key, 'DELETE', `/v1/api-keys/${parent.id}`)).toBe(204);
    for (const key of [parent.key, child.key, grandchild.key, link.token]) expect(await statusOf(key, 'GET', '/v1/deliveries')).toBe(401);
    expect(await statusOf(stranger.key, 'GET', '/v1/deliveries')).toBe(200);
    const { rows } = await api.db.query(`select after from posthorn_audit.audit_log where action = 'api_key.revoke' and target_id = $1`, [
      parent.id,
    ]);
    expect(rows).toEqual([{ after: { alsoRevoked: [child.id, grandchild.id, link.id].sort(), count: 3 } }]);
  });

  it('cannot be created with a revoked key, even in a process that still caches the key', async () => {
    const { id, key } = await make({ tenant: 'acme' });
    expect(await statusOf(key, 'GET', '/v1/deliveries')).toBe(200);
    // as if another process revoked it
    await api.db.query('update api_keys set revoked_at = now() where id = $1', [id.slice(4)]);
    expect(await statusOf(key, 'POST', '/v1/api-keys', { name: 'x', scopes: ['admin'] })).toBe(401);
    expect(await statusOf(key, 'POST', '/v1/portal-links', {})).toBe(401);
  });
});

describe('posthorn api-keys', () => {
  let config: ReturnType<typeof readConfig>;
  beforeAll(() => {
    config = readConfig({ DATABASE_URL: api.db.options.connectionString });
  });
  const command = async (...args: string[]) => {
    const lines: string[] = [];
    await apiKeys(args, config, (line) => lines.push(line));
    return lines.join('\n').split('\n');
  };

  it('creates, lists and revokes keys', async () => {
    const more = ['--tenant', 'acme', '--expires-in', '90d', '--cidrs', '127.0.0.0/8', '--per-second', '100'];
    const [id = '', key = ''] = await command('create', '--name', 'by hand', '--scopes', 'events:write,endpoints:read', ...more);
    expect(await statusOf(key, 'POST', '/v1/tenants/acme/events', event)).toBe(202);
    const keys = (await command('list', '--tenant', 'acme')).map((line) => JSON.parse(line));
    expect(keys[0]).toMatchObject({ id, name: 'by hand', tenant: 'acme', rateLimit: { perSecond: 100 }, createdBy: 'cli' });
    expect(await command('revoke', id)).toEqual([`${id} revoked`]);
    api.deps.access.callers.forget(id);
    expect(await statusOf(key, 'POST', '/v1/tenants/acme/events', event)).toBe(401);
  });

  it.each([
    [[]],
    [['rotate']],
    [['create', '--name', 'x']],
    [['create', '--nome', 'x']],
    [['revoke', 'me']],
    [['list', '--tenant', 'nobody']],
    [['create', '--name', 'x', '--scopes', 'admin', '--expires-in', '0s']],
    [['create', '--name', 'x', '--scopes', 'admin', '--expires-in', '999999999d']],
    [['create', '--name', 'x', '--scopes', 'admin', '--burst', '5']],
  ])('refuses %j with a message', async (args) => {
    await expect(command(...args)).rejects.toBeInstanceOf(ConfigError);
  });
});
