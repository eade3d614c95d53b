// Tenants: create, read, change, list, delete.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../api-server.ts';
import { planned } from '../deliveries-at-hand.ts';
import { listed } from '../listed.ts';

let api: ApiServer;
const url = 'http://127.0.0.1:9/hook';

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

describe('tenants', () => {
  it('are created, read, changed, listed and deleted', async () => {
    const made = await api.post('/v1/tenants', { id: 'first', name: 'First', metadata: { plan: 'gold' } });
    expect(made).toMatchObject({ status: 201, body: { id: 'first', name: 'First', metadata: { plan: 'gold' } } });
    expect((await api.get('/v1/tenants/first')).body).toEqual(made.body);
    const changed = await api.call('PATCH', '/v1/tenants/first', { name: 'Der Erste 👋' });
    expect(changed).toMatchObject({ status: 200, body: { name: 'Der Erste 👋', metadata: { plan: 'gold' } } });
    expect(await api.post('/v1/tenants', { id: 'first', name: 'Again' })).toMatchObject({
      status: 409,
      body: { errors: [{ path: 'id' }] },
    });
    for (const id of ['second', 'third']) await api.makeTenant(id);
    expect(await listed(api, '/v1/tenants')).toEqual(['third', 'second', 'first']);
    expect(await api.call('DELETE', '/v1/tenants/second')).toMatchObject({ status: 204, body: null });
    expect((await api.get('/v1/tenants/second')).status).toBe(404);
    expect(await listed(api, '/v1/tenants')).toEqual(['third', 'first']);
    expect((await api.post('/v1/tenants', { id: 'second', name: 'Another' })).status).toBe(201);
  });

  it('get an id if none is given', async () => {
    const { body } = await api.post('/v1/tenants', { name: 'x' });
    expect(body.id).toMatch(/^tnt_[0-9a-f]{32}$/);
    expect((await api.get(`/v1/tenants/${body.id}`)).body.name).toBe('x');
  });

  it('are deleted with their endpoints and unfinished deliveries', async () => {
    const tenant = await api.makeTenant();
    const { id } = await api.makeEndpoint(tenant, url);
    const [delivery = ''] = await planned(api, tenant, await api.postEvent(tenant), [id]);
    expect((await api.call('DELETE', `/v1/tenants/${tenant}`)).status).toBe(204);
    expect((await api.get(`/v1/endpoints/${id}`)).status).toBe(404);
    expect((await api.get(`/v1/deliveries/${delivery}`)).body.status).toBe('cancelled');
    expect((await api.post(`/v1/tenants/${tenant}/events`, { type: 'a', data: 1 })).status).toBe(404);
  });

  it('say how long payloads are kept, for at most as long as events are', async () => {
    const { body } = await api.post('/v1/tenants', { name: 'x', retention: { payloadDays: 30 } });
    const path = `/v1/tenants/${body.id}`;
    const change = (retention: unknown) => api.call('PATCH', path, { retention });
    expect(body.retention).toEqual({ payloadDays: 30 });
    expect((await change({ payloadDays: 90 })).body.retention).toEqual({ payloadDays: 90 });
    for (const payloadDays of [91, 0, 1.5, '7', null]) {
      const refused = { status: 422, body: { errors: [{ path: 'retention.payloadDays' }] } };
      expect(await change({ payloadDays })).toMatchObject(refused);
      expect(await api.post('/v1/tenants', { id: 'never', name: 'x', retention: { payloadDays } })).toMatchObject(refused);
    }
    expect(await change({ days: 7 })).toMatchObject({ status: 422 });
    expect((await api.get('/v1/tenants/never')).status).toBe(404);
    expect((await api.get(path)).body.retention).toEqual({ payloadDays: 90 });
    expect((await change(null)).body.retention).toBe(null);
    expect((await api.get(`/v1/audit-log?tenant=${body.id}`)).body.data[0]).toMatchObject({
      action: 'tenant.change',
      before: { retention: { payloadDays: 90 } },
      after: { retention: null },
    });
  });

  it('may say it themselves', async () => {
    const [own, other] = [await api.makeTenant(), await api.makeTenant()];
    const { key } = (await api.post('/v1/api-keys', { name: 'theirs', tenant: own, scopes: ['admin'] })).body;
    const change = (tenant: string) =>
      api.call('PATCH', `/v1/tenants/${tenant}`, { retention: { payloadDays: 7 } }, { headers: { authorization: `Bearer ${key}` } });
    expect(await change(own)).toMatchObject({ status: 200, body: { retention: { payloadDays: 7 } } });
    expect((await change(other)).status).toBe(404);
    expect((await api.get(`/v1/tenants/${other}`)).body.retention).toBe(null);
  });
});
