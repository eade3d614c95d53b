// Invalid lane settings and ordering keys: the problem names the field, and nothing is stored or
// changed.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../api-server.ts';

let api: ApiServer;
let endpoint: { id: string };

beforeAll(async () => {
  api = await startApi();
  await api.makeTenant('acme');
  endpoint = await api.makeEndpoint('acme', 'http://127.0.0.1:9/hook');
});
afterAll(() => api.close());

const event = { type: 'order.created', data: 1 };
const [events, endpoints] = ['/v1/tenants/acme/events', '/v1/tenants/acme/endpoints'];
const url = 'https://example.com/';

it.each<[string, string, string, unknown, string[]]>([
  ['a rate of zero', 'POST', endpoints, { url, rateLimit: { perSecond: 0 } }, ['rateLimit.perSecond']],
  ['a rate too high', 'POST', endpoints, { url, rateLimit: { perSecond: 10_001 } }, ['rateLimit.perSecond']],
  ['a fractional burst', 'POST', endpoints, { url, rateLimit: { perSecond: 1, burst: 1.5 } }, ['rateLimit.burst']],
  ['a rate that is null', 'POST', endpoints, { url, rateLimit: null }, ['rateLimit']],
  ['an unknown field of a rate', 'POST', endpoints, { url, rateLimit: { perSecond: 1, per: 's' } }, ['rateLimit.per']],
  ['a rate of a tenant without perSecond', 'POST', '/v1/tenants', { name: 'x', rateLimit: {} }, ['rateLimit.perSecond']],
  ['a bad rate on change of a tenant', 'PATCH', '/v1/tenants/acme', { rateLimit: { perSecond: '5' } }, ['rateLimit.perSecond']],
  ['an unknown ordering', 'POST', endpoints, { url, ordering: 'strict' }, ['ordering']],
  ['an ordering that is null', 'PATCH', ':endpoint', { ordering: null }, ['ordering']],
  ['an unknown onDeadLetter', 'POST', endpoints, { url, onDeadLetter: 'stop' }, ['onDeadLetter']],
  ['a batch of zero events', 'POST', endpoints, { url, batch: { maxEvents: 0, maxWaitMs: 0 } }, ['batch.maxEvents']],
  ['a batch too large', 'POST', endpoints, { url, batch: { maxEvents: 1_001, maxWaitMs: 0 } }, ['batch.maxEvents']],
  ['a batch without maxWaitMs', 'POST', endpoints, { url, batch: { maxEvents: 2 } }, ['batch.maxWaitMs']],
  ['a batch that waits too long', 'PATCH', ':endpoint', { batch: { maxEvents: 2, maxWaitMs: 60_001 } }, ['batch.maxWaitMs']],
  ['a coalescing window too short', 'POST', endpoints, { url, coalesceMs: 99 }, ['coalesceMs']],
  ['a coalescing window too long', 'PATCH', ':endpoint', { coalesceMs: 3_600_001 }, ['coalesceMs']],
  ['an autoRecover that is no boolean', 'POST', endpoints, { url, autoRecover: 'yes' }, ['autoRecover']],
  ['a burst of zero', 'POST', endpoints, { url, rateLimit: { perSecond: 1, burst: 0 } }, ['rateLimit.burst']],
  ['a burst too high', 'POST', endpoints, { url, rateLimit: { perSecond: 1, burst: 10_001 } }, ['rateLimit.burst']],
  ['a rate too low', 'POST', endpoints, { url, rateLimit: { perSecond: 0.05 } }, ['rateLimit.perSecond']],
  ['a rate of a tenant that is null', 'POST', '/v1/tenants', { name: 'x', rateLimit: null }, ['rateLimit']],
  [
    'an unknown field of a rate of a tenant',
    'POST',
    '/v1/tenants',
    { name: 'x', rateLimit: { perSecond: 1, per: 's' } },
    ['rateLimit.per'],
  ],
  ['an onDeadLetter that is null', 'PATCH', ':endpoint', { onDeadLetter: null }, ['onDeadLetter']],
  ['batches that are null', 'POST', endpoints, { url, batch: null }, ['batch']],
  ['an unknown field of batches', 'POST', endpoints, { url, batch: { maxEvents: 2, maxWaitMs: 1, maxBytes: 9 } }, ['batch.maxBytes']],
  ['a fractional batch size', 'POST', endpoints, { url, batch: { maxEvents: 1.5, maxWaitMs: 1 } }, ['batch.maxEvents']],
  ['a negative batch wait', 'POST', endpoints, { url, batch: { maxEvents: 2, maxWaitMs: -1 } }, ['batch.maxWaitMs']],
  ['a coalescing window that is null', 'POST', endpoints, { url, coalesceMs: null }, ['coalesceMs']],
  ['a fractional coalescing window', 'POST', endpoints, { url, coalesceMs: 100.5 }, ['coalesceMs']],
  ['an autoRecover that is null', 'PATCH', ':endpoint', { autoRecover: null }, ['autoRecover']],
  ['batches with ordering by key', 'POST', endpoints, { url, ordering: 'key', batch: { maxEvents: 2, maxWaitMs: 1 } }, ['batch']],
  ['coalescing with an ordering', 'POST', endpoints, { url, ordering: 'endpoint', coalesceMs: 100 }, ['coalesceMs']],
  ['a bad ordering key', 'POST', events, { ...event, orderingKey: 'a b' }, ['orderingKey']],
  ['a bad coalescing key', 'POST', events, { ...event, coalesceKey: '' }, ['coalesceKey']],
  ['a coalescing key too long', 'POST', events, { ...event, coalesceKey: 'x'.repeat(129) }, ['coalesceKey']],
  ['an ordering key too long', 'POST', events, { ...event, orderingKey: 'x'.repeat(129) }, ['orderingKey']],
  ['an ordering key that is null', 'POST', events, { ...event, orderingKey: null }, ['orderingKey']],
  ['a coalescing key that is null', 'POST', events, { ...event, coalesceKey: null }, ['coalesceKey']],
  [
    'an item with bad keys and a bad time',
    'POST',
    `${events}/batch`,
    { events: [event, { ...event, orderingKey: 'a b' }, { ...event, coalesceKey: '' }, { ...event, deliverAt: 'soon' }] },
    ['events[1].orderingKey', 'events[2].coalesceKey', 'events[3].deliverAt'],
  ],
  ['a bad ordering key for skip-head', 'POST', ':endpoint/skip-head', { orderingKey: 'ä' }, ['orderingKey']],
  ['an unknown field for skip-head', 'POST', ':endpoint/skip-head', { key: 'a' }, ['key']],
])('%s is 422', async (_, method, path, body, paths) => {
  const answer = await api.call(method, path.replace(':endpoint', `/v1/endpoints/${endpoint.id}`), body);
  expect(answer).toMatchObject({ status: 422, body: { status: 422, title: 'Unprocessable Entity' } });
  expect(answer.body.errors.map((error: { path: string }) => error.path)).toEqual(paths);
});

it('none of it is stored', async () => {
  const { rows } = await api.db.query(
    `select (select count(*) from tenants) as tenants, (select count(*) from endpoints) as endpoints, (select count(*) from events) as events`,
  );
  expect(rows[0]).toEqual({ tenants: 1, endpoints: 1, events: 0 });
  const { updatedAt, createdAt } = (await api.get(`/v1/endpoints/${endpoint.id}`)).body;
  expect(updatedAt).toBe(createdAt);
});
