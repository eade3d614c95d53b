// Portal links: short-lived, bound to one tenant, revocable.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, apiKey, startApi } from '../api-server.ts';
import { listed } from '../listed.ts';

let api: ApiServer;

beforeAll(async () => {
  api = await startApi({ logLevel: 'debug' });
  for (const tenant of ['acme', 'other']) await api.makeTenant(tenant);
});
afterAll(() => api.close());

interface Made {
  id: string;
  token: string;
  expiresAt: string;
}

async function make(more: object = {}, by = apiKey): Promise<Made> {
  const { status, body } = await api.call('POST', '/v1/portal-links', { tenant: 'acme', ...more }, { key: by });
  expect([status, body]).toEqual([201, expect.anything()]);
  return body;
}

const statusOf = async (key: string, method: string, path: string, body?: unknown) => (await api.call(method, path, body, { key })).status;

describe('a portal link', () => {
  it('reads and changes only its tenant’s data', async () => {
    const link = await make();
    expect(link).toMatchObject({
      id: expect.stringMatching(/^lnk_/),
      tenant: 'acme',
      scopes: ['endpoints:read', 'endpoints:write', 'deliveries:read', 'deliveries:act'],
      revokedAt: null,
      createdBy: 'bootstrap',
    });
    const life = Date.parse(link.expiresAt) - Date.now();
    expect([life > 3_590_000, life <= 3_600_000]).toEqual([true, true]);
    const { status } = await api.call('POST', '/v1/tenants/acme/endpoints', { url: 'http://127.0.0.1:9/hook' }, { key: link.token });
    expect(status).toBe(201);
    expect(await statusOf(link.token, 'GET', '/v1/tenants/acme')).toBe(200);
    expect(await statusOf(link.token, 'GET', '/v1/deliveries')).toBe(200);
    expect(await statusOf(link.token, 'GET', '/v1/tenants/other')).toBe(404);
    expect(await statusOf(link.token, 'POST', '/v1/tenants/acme/events', { type: 'a', data: 1 })).toBe(403);
    expect(await statusOf(link.token, 'GET', '/v1/api-keys')).toBe(403);
    expect(await statusOf(link.token, 'POST', '/v1/portal-links', {})).toBe(403);
  });

  it('can be created with fewer scopes', async () => {
    const { token } = await make({ scopes: ['deliveries:read'], expiresIn: '5m' });
    expect(await statusOf(token, 'GET', '/v1/deliveries')).toBe(200);
    expect(await statusOf(token, 'GET', '/v1/tenants/acme/endpoints')).toBe(403);
  });

  it('stops working when it expires or is revoked', async () => {
    const [one, two] = [await make(), await make()];
    expect(await statusOf(one.token, 'GET', '/v1/deliveries')).toBe(200);
    expect(await statusOf(apiKey, 'DELETE', `/v1/portal-links/${one.id}`)).toBe(204);
    expect(await statusOf(one.token, 'GET', '/v1/deliveries')).toBe(401);
    expect(await statusOf(apiKey, 'DELETE', `/v1/portal-links/${one.id}`)).toBe(204);
    expect(await statusOf(two.token, 'GET', '/v1/deliveries')).toBe(200);
    await api.db.query(`update portal_links set expires_at = now() - interval '1 second' where id = $1`, [two.id.slice(4)]);
    api.deps.access.callers.forget(two.id);
    expect(await statusOf(two.token, 'GET', '/v1/deliveries')).toBe(401);
  });

  it('whose token names another tenant than its row is refused', async () => {
    const { id, expiresAt } = await make();
    const { rows } = await api.db.query(`select 'tnt_' || replace(id::text, '-', '') as id from tenants where external_id = 'other'`);
    const token = await api.deps.access.tokens.sign({ linkId: id, tenantId: rows[0].id, expiresAtMs: Date.parse(expiresAt) });
    expect(await statusOf(token, 'GET', '/v1/deliveries')).toBe(401);
  });

  it('works in the other process, and is neither stored nor logged', async () => {
    const { token } = await make();
    await api.call('GET', '/v1/deliveries', undefined, { key: token });
    const signature = token.split('.')[2] ?? '';
    const { rows } = await api.db.query('select l::text as row from portal_links l');
    expect(JSON.stringify([rows, api.logLines])).not.toContain(signature);
  });

  it('is the same when its request is repeated', async () => {
    const ask = () => api.post('/v1/portal-links', { tenant: 'acme' }, { headers: { 'idempotency-key': 'one-link' } });
    const first = await ask();
    await api.db.query(`update idempotency_keys set status = null, claimed_until = now() - interval '1 second' where key = 'one-link'`);
    const again = await ask();
    expect([again.body.id, again.body.expiresAt]).toEqual([first.body.id, first.body.expiresAt]);
    expect(await statusOf(again.body.token, 'GET', '/v1/deliveries')).toBe(200);
  });

  it('of a tenant-bound key is bound to the same tenant', async () => {
    const bound = (await api.post('/v1/api-keys', { name: 'x', scopes: ['admin'], tenant: 'other' })).body;
    const link = await make({ tenant: undefined }, bound.key);
    expect(link).toMatchObject({ tenant: 'other', createdBy: bound.id });
    expect(await statusOf(bound.key, 'POST', '/v1/portal-links', { tenant: 'acme' })).toBe(404);
    const foreign = await make();
    expect(await statusOf(bound.key, 'DELETE', `/v1/portal-links/${foreign.id}`)).toBe(404);
    const page = (await api.call('GET', '/v1/portal-links', undefined, { key: bound.key })).body;
    expect(page.data.map(({ id }: Made) => id)).toEqual([link.id]);
    expect(await listed(api, '/v1/portal-links?tenant=other')).toEqual([link.id]);
  });

  it.each<[string, object, number, string]>([
    ['no tenant', { tenant: undefined }, 422, 'tenant'],
    ['a lifetime of two days', { expiresIn: '2d' }, 422, 'expiresIn'],
    ['a lifetime under a minute', { expiresIn: '59s' }, 422, 'expiresIn'],
    ['admin', { scopes: ['admin'] }, 422, 'scopes'],
    ['no scope', { scopes: [] }, 422, 'scopes'],
  ])('with %s is refused', async (_, wrong, status, path) => {
    expect(await api.post('/v1/portal-links', { tenant: 'acme', ...wrong })).toMatchObject({ status, body: { errors: [{ path }] } });
  });

  it('of an unknown tenant or with an unknown id gets 404', async () => {
    expect((await api.post('/v1/portal-links', { tenant: 'nobody' })).status).toBe(404);
    expect((await api.call('DELETE', '/v1/portal-links/lnk_0199c8f0000070008000000000000000')).status).toBe(404);
  });
});
