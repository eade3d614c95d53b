// The search by id or name, and the explanation of one delivery.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApi } from '../../support/api.ts';
import { type ApiServer, startApi } from '../api-server.ts';
import { attempted, planned } from '../deliveries-at-hand.ts';

let api: ApiServer;
let tenant: string;
beforeAll(async () => {
  api = await startApi();
  tenant = await api.makeTenant('Winter-Shop');
});
afterAll(() => api?.close());

const found = async (q: string, by = api as Pick<ApiServer, 'get'>) => {
  const { status, body } = await by.get(`/v1/find?q=${encodeURIComponent(q)}`);
  expect(status).toBe(200);
  return body.data.map(({ kind, id }: { kind: string; id: string }) => `${kind} ${id}`) as string[];
};

it('finds by id, by a part of a name, and the nearest first', async () => {
  const { id: endpoint } = await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook', { description: 'orders 100% of the Winter' });
  const event = await api.postEvent(tenant, { id: 'order-1001' });
  const [delivery = ''] = await planned(api, tenant, event, [endpoint]);
  await api.post('/v1/event-types', { name: 'winter.sold', description: 'Winter is over' });
  expect(await found(delivery)).toEqual([`delivery ${delivery}`]);
  expect(await found(endpoint)).toEqual([`endpoint ${endpoint}`]);
  expect(await found('order-1001')).toEqual(['event order-1001']);
  expect(await found('winter')).toEqual([`endpoint ${endpoint}`, `tenant ${tenant}`, 'event_type winter.sold']);
  // text of people is no pattern
  expect(await found('100%')).toEqual([`endpoint ${endpoint}`]);
  expect(await found('1001%')).toEqual([]);
  expect(await found("'; drop table tenants; --")).toEqual([]);
  expect((await api.get(`/v1/find?q=${delivery}`)).body.data[0]).toMatchObject({
    tenant,
    title: 'order.created → 127.0.0.1:9',
    status: 'pending',
  });
});

it('finds only what the key may read, and refuses a bad query', async () => {
  const { body } = await api.post('/v1/api-keys', { name: 'writes', scopes: ['events:write'] });
  const writer = createApi(api.origin, body.key);
  await api.postEvent(tenant, { id: 'order-1002' });
  expect(await found('order-1002', writer)).toEqual([]);
  expect(await found('winter', writer)).toEqual(['event_type winter.sold']);
  for (const query of ['', '?q=', '?q=%20', `?q=${'x'.repeat(201)}`, '?q=a&other=1'])
    expect((await api.get(`/v1/find${query}`)).status, query).toBe(422);
  expect((await api.get('/v1/find?q=a&tenant=nobody')).status).toBe(404);
});

it('explains a delivery: where it stands, what follows, and what it would obey', async () => {
  const { id: endpoint } = await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook', { retry: { schedule: ['1m', '2m'] } });
  const [delivery = ''] = await planned(api, tenant, await api.postEvent(tenant), [endpoint]);
  await attempted(api, delivery, 1, { outcome: 'http_status', message: 'HTTP 503' });
  const { body } = await api.get(`/v1/deliveries/${delivery}/explain`);
  expect(body).toMatchObject({
    ...{ delivery, endpoint, host: '127.0.0.1:9', code: 'retrying', status: 'retrying' },
    next: { attemptsLeft: 2, attempts: [{ number: 2, earliestAt: body.until }, { number: 3 }], endsAt: expect.stringMatching(/Z$/) },
    commands: [
      { command: 'replay', allowed: false, reason: expect.any(String) },
      { command: 'retry-now', allowed: true, reason: null },
      { command: 'cancel', allowed: true },
      { command: 'release', allowed: false },
    ],
  });
  await api.post(`/v1/endpoints/${endpoint}/pause`);
  const paused = (await api.get(`/v1/deliveries/${delivery}/explain`)).body;
  expect(paused.commands[1]).toEqual({ command: 'retry-now', allowed: false, reason: 'The endpoint is paused. Resume it first.' });
  expect((await api.post(`/v1/deliveries/${delivery}/retry-now`)).body.detail).toBe(paused.commands[1].reason);
});
