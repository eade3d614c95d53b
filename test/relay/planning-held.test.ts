// Planning by a dispatch inserts deliveries that only a lane may send as held, and reports them,
// also if an earlier run had parked them.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDispatches } from '#db/events/dispatches';
import { insertDeliveries, readEventToPlan } from '#db/events/plan';
import { deliveryId, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { type ApiServer, startApi } from '../api/api-server.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api?.close());

const relayId = newId('rly');

/** An event with its own dispatch, and two endpoints, of which the first has this setting. */
async function dispatched(set: string, more: object = {}) {
  const tenant = await api.makeTenant();
  const make = async () => (await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook')).id;
  const endpoints = [await make(), await make()] as const;
  const key = await api.postEvent(tenant, more);
  await api.db.query(`update endpoints set ${set} where id = $1`, [uuidOf(endpoints[0])]);
  const { rows } = await api.db.query<{ event_id: string }>('select event_id from event_ids where external_id = $1', [key]);
  const eventId = `evt_${rows[0]?.event_id.replaceAll('-', '')}`;
  const dispatchId = newId('dsp');
  await api.db.query('update outbox set owner = $1 where event_id = $2', [uuidOf(relayId), uuidOf(eventId)]);
  await createDispatches(api.db, relayId, [{ dispatchId, eventIds: [eventId], planned: false }]);
  const event = await readEventToPlan(api.db, eventId);
  if (!event) throw new Error('no event');
  const plan = () => insertDeliveries(api.db, dispatchId, event, [...endpoints]);
  const rowsOf = () =>
    Promise.all(
      endpoints.map(async (endpointId) => {
        const { rows } = await api.db.query(
          `select status, position = (select position from events where id = $2) as in_order, lane_key, own_workflow,
             round(extract(epoch from next_attempt_at - created_at))::int as in_seconds
           from deliveries where id = $1`,
          [uuidOf(deliveryId(eventId, endpointId)), uuidOf(eventId)],
        );
        return rows[0];
      }),
    );
  return { endpoints, eventId, plan, rowsOf };
}

const plain = { status: 'pending', in_order: null, lane_key: null, own_workflow: true, in_seconds: 0 };
const held = { status: 'held', in_order: true, lane_key: null, own_workflow: false, in_seconds: 0 };

it.each<[string, object]>([
  [`rate_limit = '{"perSecond": 1}'`, held],
  [`ordering = 'key'`, { ...held, lane_key: 'customer-1' }],
  [`coalesce_ms = 60000`, { ...held, in_seconds: 60 }],
  [`not_before = now() + interval '1 hour'`, held],
])('with %s, only that delivery is held', async (set, expected) => {
  const { endpoints, eventId, plan, rowsOf } = await dispatched(set, { orderingKey: 'customer-1' });
  await api.db.query(`update events set coalesce_key = 'k' where id = $1`, [uuidOf(eventId)]);
  expect(await plan()).toEqual([endpoints[0]]);
  expect(await rowsOf()).toEqual([expected, plain]);
});

it('reports deliveries that an earlier run parked, even if the endpoint no longer needs its lane', async () => {
  const { endpoints, plan, rowsOf } = await dispatched(`ordering = 'endpoint'`);
  await plan();
  await api.db.query(`update endpoints set ordering = 'none' where id = $1`, [uuidOf(endpoints[0])]);
  expect(await plan()).toEqual([endpoints[0]]);
  expect(await rowsOf()).toEqual([held, plain]);
});

it('leaves a deferred delivery unchanged until it is due', async () => {
  const deliverAt = new Date(Date.now() + 3_600_000).toISOString();
  const { plan, rowsOf } = await dispatched(`ordering = 'endpoint'`, { deliverAt });
  expect(await plan()).toEqual([]);
  expect((await rowsOf()).map(({ status, in_order }) => [status, in_order])).toEqual([
    ['pending', null],
    ['pending', null],
  ]);
});
