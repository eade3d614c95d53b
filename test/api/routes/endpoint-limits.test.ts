// The maximum number of endpoints of a tenant, and of a portal link at one host, under concurrent
// requests.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asTenant } from '#db/store/tenant-scope';
import { mostAtHostByLink, usualMaxEndpoints } from '#domain/endpoints/endpoint-limits';
import { type ApiServer, startApi } from '../api-server.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const url = 'https://example.com/hook';

async function tenantWith(maxEndpoints: number): Promise<string> {
  const { status, body } = await api.post('/v1/tenants', { name: 'x', maxEndpoints });
  expect([status, body.maxEndpoints]).toEqual([201, maxEndpoints]);
  return body.id;
}

const make = (tenant: string, key?: string, to = url, headers = {}) =>
  api.call('POST', `/v1/tenants/${tenant}/endpoints`, { url: to }, { headers, ...(key !== undefined && { key }) });
const change = (id: string, to: string, key: string) => api.call('PATCH', `/v1/endpoints/${id}`, { url: to }, { key });
const statuses = async (calls: Promise<{ status: number }>[]) => (await Promise.all(calls)).map(({ status }) => status).toSorted();

describe('maxEndpoints of a tenant', () => {
  it('is 100 by default, and can be read and changed', async () => {
    const { body } = await api.post('/v1/tenants', { name: 'x' });
    expect([body.maxEndpoints, usualMaxEndpoints]).toEqual([100, 100]);
    const changed = await api.call('PATCH', `/v1/tenants/${body.id}`, { maxEndpoints: 7 });
    expect(changed).toMatchObject({ status: 200, body: { name: 'x', maxEndpoints: 7 } });
    const { body: log } = await api.get(`/v1/audit-log?tenant=${body.id}&action=tenant.change`);
    expect(log.data[0]).toMatchObject({ before: { maxEndpoints: 100 }, after: { maxEndpoints: 7 } });
  });

  it('refuses the next endpoint with 409 and the limit, until one is deleted or the limit is raised', async () => {
    const tenant = await tenantWith(2);
    const [first] = [await make(tenant), await make(tenant)];
    expect(await make(tenant)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('limit of 2 endpoints (maxEndpoints)') },
    });
    expect((await api.call('DELETE', `/v1/endpoints/${first.body.id}`)).status).toBe(204);
    expect([(await make(tenant)).status, (await make(tenant)).status]).toEqual([201, 409]);
    await api.call('PATCH', `/v1/tenants/${tenant}`, { maxEndpoints: 3 });
    expect([(await make(tenant)).status, (await make(tenant)).status]).toEqual([201, 409]);
    await api.call('PATCH', `/v1/tenants/${tenant}`, { maxEndpoints: 0 });
    expect((await api.call('PATCH', `/v1/endpoints/${(await make(await tenantWith(1))).body.id}`, { url: `${url}2` })).status).toBe(200);
  });

  it('holds when many endpoints are created concurrently', async () => {
    const tenant = await tenantWith(5);
    expect(await statuses(Array.from({ length: 12 }, () => make(tenant)))).toEqual([...Array(5).fill(201), ...Array(7).fill(409)]);
    expect((await api.get(`/v1/tenants/${tenant}/endpoints`)).body.data).toHaveLength(5);
  });

  it('does not refuse a repeat of the request that created the last endpoint', async () => {
    const tenant = await tenantWith(1);
    const headers = { 'idempotency-key': 'the-last-one' };
    const made = await make(tenant, undefined, url, headers);
    await api.db.query(`update idempotency_keys set status = null, claimed_until = now() - interval '1 second' where key = 'the-last-one'`);
    expect(await make(tenant, undefined, url, headers)).toMatchObject({
      status: 201,
      body: { id: made.body.id, secret: made.body.secret },
    });
  });

  it('cannot be changed with a key of the tenant, nor by its role in PostgreSQL', async () => {
    const tenant = await tenantWith(1);
    const { body: own } = await api.post('/v1/api-keys', { name: 'own', tenant, scopes: ['admin'] });
    const patch = (body: object) => api.call('PATCH', `/v1/tenants/${tenant}`, body, { key: own.key });
    expect(await patch({ maxEndpoints: 1_000 })).toMatchObject({ status: 403, body: { errors: [{ path: 'maxEndpoints' }] } });
    expect(await patch({ name: 'mine' })).toMatchObject({ status: 200, body: { name: 'mine', maxEndpoints: 1 } });
    const { rows } = await api.db.query(`select 'tnt_' || replace(id::text, '-', '') as id from tenants where external_id = $1`, [tenant]);
    const raised = asTenant({ tenantId: rows[0].id, readOnly: false }, () => api.deps.db.query('update tenants set max_endpoints = 1000'));
    await expect(raised).rejects.toMatchObject({ code: '42501' });
  });
});

describe('a portal link', () => {
  const linkOf = async (tenant: string) => (await api.post('/v1/portal-links', { tenant })).body.token as string;

  it('creates at most 10 endpoints at one host, whatever their ports and paths, even concurrently', async () => {
    const tenant = await tenantWith(100);
    const token = await linkOf(tenant);
    const at = (n: number) => make(tenant, token, `https://Victim.example:${8_000 + n}/${n}`);
    // a tenant has at most 8 concurrent requests
    expect(await statuses([0, 1, 2, 3, 4].map(at))).toEqual(Array(5).fill(201));
    expect(await statuses([5, 6, 7, 8, 9, 10, 11].map(at))).toEqual([...Array(mostAtHostByLink - 5).fill(201), 409, 409]);
    const refused = await make(tenant, token, 'https://victim.example/');
    expect(refused).toMatchObject({ status: 409, body: { detail: expect.stringContaining('10 endpoints at one host') } });
    expect((await make(tenant, token, 'https://other.example/')).status).toBe(201);
    expect((await make(tenant, undefined, 'https://victim.example/')).status).toBe(201);
  });

  it('cannot move an endpoint to that host, but can change those that are there', async () => {
    const tenant = await tenantWith(100);
    const token = await linkOf(tenant);
    for (let n = 0; n < mostAtHostByLink - 1; n++) await make(tenant, token, `https://victim.example/${n}`);
    const elsewhere = await Promise.all([0, 1, 2].map((n) => make(tenant, token, `https://${n}.example/`)));
    const moved = elsewhere.map(({ body }) => change(body.id, 'https://victim.example/moved', token));
    expect(await statuses(moved)).toEqual([200, 409, 409]);
    const there = (await api.get(`/v1/tenants/${tenant}/endpoints`)).body.data.find(
      (one: { url: string }) => one.url === 'https://victim.example/0',
    );
    expect((await change(there.id, 'https://victim.example:8443/new', token)).status).toBe(200);
  });

  it('counts token servers as hosts', async () => {
    const tenant = await tenantWith(100);
    const token = await linkOf(tenant);
    const auth = (host: string) => ({ type: 'oauth2', tokenUrl: `https://${host}:8443/token`, clientId: 'a', clientSecret: 'b' });
    const by = (n: number, host: string) =>
      api.call('POST', `/v1/tenants/${tenant}/endpoints`, { url: `https://${n}.example/`, auth: auth(host) }, { key: token });
    const made = [];
    for (let n = 0; n < mostAtHostByLink; n++) made.push(await by(n, 'victim.example'));
    expect(made.map(({ status }) => status)).toEqual(Array(mostAtHostByLink).fill(201));
    expect([(await by(11, 'victim.example')).status, (await by(12, 'other.example')).status]).toEqual([409, 201]);
    expect((await make(tenant, token, 'https://victim.example/')).status).toBe(409);
    const patch = (id: string, to: string) => api.call('PATCH', `/v1/endpoints/${id}`, { auth: auth(to) }, { key: token });
    const { body: plain } = await make(tenant, token, 'https://plain.example/');
    expect((await patch(plain.id, 'victim.example')).status).toBe(409);
    expect((await patch(made[0]?.body.id, 'victim.example')).status).toBe(200);
    expect((await patch(made[0]?.body.id, 'elsewhere.example')).status).toBe(200);
    expect((await patch(plain.id, 'victim.example')).status).toBe(200);
  });
});

it('a tenant has at most 20 test endpoints, also when they are created concurrently; those refused leave no endpoint', async () => {
  const tenant = await tenantWith(100);
  const path = `/v1/tenants/${tenant}/sandbox-endpoints`;
  expect(await statuses(Array.from({ length: 30 }, () => api.post(path)))).toEqual([...Array(20).fill(201), ...Array(10).fill(409)]);
  expect((await api.get(`${path}?limit=250`)).body.data).toHaveLength(20);
  expect((await api.get(`/v1/tenants/${tenant}/endpoints?limit=250`)).body.data).toHaveLength(20);
});
