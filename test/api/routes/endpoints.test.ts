// Endpoints: create, list, change, pause, rotate secrets, delete.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliveryStatuses } from '#domain/deliveries/delivery';
import { uuidOf } from '#domain/ids';
import { type ApiServer, startApi } from '../api-server.ts';
import { planned, setStatus } from '../deliveries-at-hand.ts';
import { listed } from '../listed.ts';

let api: ApiServer;
const url = 'http://127.0.0.1:9/hook';

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

describe('endpoints', () => {
  it('are created with defaults, and show their secret once', async () => {
    const tenant = await api.makeTenant();
    const { status, body } = await api.post(`/v1/tenants/${tenant}/endpoints`, { url });
    expect(status).toBe(201);
    const { secret, ...rest } = body;
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(rest).toMatchObject({
      tenant,
      url,
      eventTypes: [],
      channels: [],
      headers: {},
      retry: null,
      timeoutMs: 15_000,
      rateLimit: null,
      ordering: 'none',
      onDeadLetter: 'skip',
      batch: null,
      coalesceMs: null,
      autoRecover: true,
      gate: 'open',
      gateReason: null,
      notBefore: null,
    });
    expect((await api.get(`/v1/endpoints/${body.id}`)).body).toEqual(rest);
  });

  it('store all given settings, and a change affects only the given ones', async () => {
    const tenant = await api.makeTenant();
    const settings = {
      url: 'https://example.com/hook?a=1',
      eventTypes: ['order.*'],
      channels: ['eu'],
      description: 'Ünïcode',
      headers: { 'X-Token': 'abc' },
      maxInFlight: 3,
      retry: { schedule: ['1s', '2s'] },
      timeoutMs: 2_000,
      metadata: { a: 'b' },
    };
    const secret = `whsec_${Buffer.alloc(24, 9).toString('base64')}`;
    const { id, secret: shown } = await api.makeEndpoint(tenant, settings.url, { ...settings, secret });
    expect(shown).toBe(secret);
    const shownAs = { ...settings, headers: { 'X-Token': '***' } };
    expect((await api.get(`/v1/endpoints/${id}`)).body).toMatchObject(shownAs);
    const change = { eventTypes: [], retry: null, metadata: {} };
    expect((await api.call('PATCH', `/v1/endpoints/${id}`, change)).body).toMatchObject({ ...shownAs, ...change });
    expect((await api.call('PATCH', `/v1/endpoints/${id}`, {})).body).toMatchObject({ ...shownAs, ...change });
    expect((await api.call('PATCH', `/v1/endpoints/${id}`, { maxInFlight: null })).body.maxInFlight).toBeNull();
  });

  it('get a new version with every change', async () => {
    const tenant = await api.makeTenant();
    const { id } = await api.makeEndpoint(tenant, url);
    const versions: number[] = [];
    const look = async () =>
      versions.push((await api.db.query('select version from endpoints where id = $1', [uuidOf(id)])).rows[0].version);
    await look();
    await api.call('PATCH', `/v1/endpoints/${id}`, { description: 'x' });
    await look();
    for (const action of ['pause', 'resume', 'rotate-secret']) {
      await api.post(`/v1/endpoints/${id}/${action}`);
      await look();
    }
    expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
  });

  it('are listed for their tenant, newest first', async () => {
    const [tenant, other] = [await api.makeTenant(), await api.makeTenant()];
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.unshift((await api.makeEndpoint(tenant, url)).id);
    await api.makeEndpoint(other, url);
    expect(await listed(api, `/v1/tenants/${tenant}/endpoints`)).toEqual(ids);
  });

  it('rotate their secret, with at most 5 live secrets', async () => {
    const tenant = await api.makeTenant();
    const { id, secret } = await api.makeEndpoint(tenant, url);
    const rotated = await api.post(`/v1/endpoints/${id}/rotate-secret`, { overlap: '1h' });
    expect(rotated).toMatchObject({ status: 200, body: { endpoint: id } });
    expect(rotated.body.secret).not.toBe(secret);
    const shown = await api.get(`/v1/endpoints/${id}/secrets`);
    expect(shown.body.data).toEqual([
      { id: expect.stringMatching(/^sec_/), validFrom: expect.any(String), endsAt: null },
      { id: expect.stringMatching(/^sec_/), validFrom: expect.any(String), endsAt: expect.any(String) },
    ]);
    for (let n = 3; n <= 5; n++) expect((await api.post(`/v1/endpoints/${id}/rotate-secret`)).status).toBe(200);
    expect((await api.post(`/v1/endpoints/${id}/rotate-secret`)).status).toBe(409);
    expect((await api.post(`/v1/endpoints/${id}/rotate-secret`, { overlap: '0s' })).status).toBe(200);
    expect((await api.get(`/v1/endpoints/${id}/secrets`)).body.data).toMatchObject([{ endsAt: null }]);
  });

  it('can be deleted twice, which cancels their unfinished deliveries', async () => {
    const tenant = await api.makeTenant();
    const [{ id }, other] = [await api.makeEndpoint(tenant, url), await api.makeEndpoint(tenant, url)];
    const deliveries: string[] = [];
    for (const status of deliveryStatuses) {
      const [mine = '', theirs = ''] = await planned(api, tenant, await api.postEvent(tenant), [id, other.id]);
      await setStatus(api, mine, status);
      deliveries.push(mine);
      if (status === 'pending') deliveries.push(theirs);
    }
    for (let n = 0; n < 2; n++) expect((await api.call('DELETE', `/v1/endpoints/${id}`)).status).toBe(204);
    const after = await Promise.all(deliveries.map(async (delivery) => (await api.get(`/v1/deliveries/${delivery}`)).body.status));
    expect(after).toEqual([
      'cancelled',
      'pending',
      'cancelled',
      'cancelled',
      'succeeded',
      'cancelled',
      'cancelled',
      'cancelled',
      'expired',
    ]);
    expect((await api.call('PATCH', `/v1/endpoints/${id}`, { description: 'x' })).status).toBe(404);
  });

  it('are not tested while they are paused', async () => {
    const tenant = await api.makeTenant();
    const { id } = await api.makeEndpoint(tenant, url);
    await api.post(`/v1/endpoints/${id}/pause`);
    expect(await api.post(`/v1/endpoints/${id}/test`)).toMatchObject({
      status: 409,
      body: { detail: 'The endpoint is paused. Resume it first.' },
    });
  });
});
