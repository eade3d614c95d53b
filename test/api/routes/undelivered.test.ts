// GET /v1/undelivered over HTTP: counts by endpoint, filters, tenants, and more rows than are looked at.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { countBacklogs } from '#db/stats/backlogs';
import { uuidOf } from '#domain/ids';
import { createApi } from '../../support/api.ts';
import { type ApiServer, startApi } from '../api-server.ts';
import { planned, setStatus } from '../deliveries-at-hand.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const url = 'http://127.0.0.1:9/hook';

async function endpointWith(tenant: string, ...statuses: string[]): Promise<string> {
  const { id: endpoint } = await api.makeEndpoint(tenant, url, { description: 'to the shop' });
  for (const status of statuses) {
    const [delivery = ''] = await planned(api, tenant, await api.postEvent(tenant), [endpoint]);
    await setStatus(api, delivery, status as 'held');
  }
  return endpoint;
}

const read = async (query = '', of: Pick<ApiServer, 'get'> = api) => (await of.get(`/v1/undelivered${query}`)).body;
const countsOf = ({ data }: { data: { endpoint: string; count: number }[] }) => data.map(({ endpoint, count }) => [endpoint, count]);

it('counts by endpoint what its consumer should have and has not', async () => {
  const tenant = await api.makeTenant();
  const b = await endpointWith(tenant, 'dead_lettered', 'held', 'retrying', 'quarantined', 'expired', 'dead_lettered', 'succeeded');
  const a = await endpointWith(tenant, 'dead_lettered', 'cancelled');
  const all = await read(`?tenant=${tenant}`);
  expect({ counts: countsOf(all), complete: all.complete }).toEqual({
    counts: [
      [b, 6],
      [a, 1],
    ],
    complete: true,
  });
  expect(all.data[0]).toMatchObject({
    tenant,
    url,
    description: 'to the shop',
    oldestAt: expect.any(String),
    changedAt: expect.any(String),
  });
  expect(countsOf(await read(`?tenant=${tenant}&status=dead_lettered`))).toEqual([
    [b, 2],
    [a, 1],
  ]);
  expect(countsOf(await read(`?tenant=${tenant}&status=held&status=expired`))).toEqual([[b, 2]]);
  expect(countsOf(await read(`?endpoint=${a}`))).toEqual([[a, 1]]);
  expect(countsOf(await read(`?endpoint=${a}&type=order.created`))).toEqual([[a, 1]]);
  expect(await read(`?endpoint=${a}&type=user.created`)).toEqual({ data: [], complete: true });
});

it('shows a tenant its own endpoints only', async () => {
  const [own, other] = [await api.makeTenant(), await api.makeTenant()];
  const [mine, foreign] = [await endpointWith(own, 'dead_lettered'), await endpointWith(other, 'dead_lettered')];
  const { body: link } = await api.post('/v1/portal-links', { tenant: own });
  const portal = createApi(api.origin, link.token);
  expect(countsOf(await read('', portal))).toEqual([[mine, 1]]);
  expect(await read(`?endpoint=${foreign}`, portal)).toEqual({ data: [], complete: true });
  expect(await read(`?tenant=${own}&endpoint=${foreign}`)).toEqual({ data: [], complete: true });
  expect((await portal.get(`/v1/undelivered?tenant=${other}`)).status).toBe(404);
  expect((await api.get('/v1/undelivered?tenant=nobody')).status).toBe(404);
});

it('names a bad filter', async () => {
  for (const [query, path] of [
    ['status=succeeded', 'status'],
    ['endpoint=evt_1', 'endpoint'],
    ['type=order.', 'type'],
    ['since=2026-01-01T00:00:00Z', 'since'],
  ])
    expect(await api.get(`/v1/undelivered?${query}`)).toMatchObject({ status: 422, body: { errors: [{ path }] } });
});

it('of a deleted endpoint has no address', async () => {
  const tenant = await api.makeTenant();
  const endpoint = await endpointWith(tenant, 'expired');
  await api.call('DELETE', `/v1/endpoints/${endpoint}`);
  expect((await read(`?tenant=${tenant}`)).data).toMatchObject([{ endpoint, url: null, count: 1 }]);
});

it('completes the counts from the statistics where there are more than it looks at', async () => {
  const tenant = await api.makeTenant();
  const old = await endpointWith(tenant, 'dead_lettered');
  const full = await endpointWith(tenant, 'dead_lettered');
  await api.db.query(
    `insert into deliveries (id, event_id, tenant_id, endpoint_id, event_type, status, round, attempts, last_outcome)
     select (left(d.id::text, 24) || lpad(to_hex(n), 12, '0'))::uuid, d.event_id, d.tenant_id, d.endpoint_id, d.event_type, d.status, 1, 8, 'timeout'
     from deliveries d, generate_series(1, 20000) n where d.endpoint_id = $1`,
    [uuidOf(full)],
  );
  await countBacklogs(api.db);
  const { data, complete } = await read(`?tenant=${tenant}&status=dead_lettered`);
  expect({ counts: countsOf({ data }), complete }).toEqual({
    counts: [
      [full, 20_001],
      [old, 1],
    ],
    complete: false,
  });
  expect(data[0].outcomes[0]).toMatchObject({ outcome: 'timeout' });
});
