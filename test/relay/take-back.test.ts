// A dispatch is taken back into the outbox while its workflow plans: deliveries planned before
// stay, and no more are planned.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDispatches, takeBackDispatch } from '#db/events/dispatches';
import { existingDeliveries } from '#db/events/outbox';
import { insertDeliveries, readEventToPlan } from '#db/events/plan';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { type ApiServer, startApi } from '../api/api-server.ts';
import { until } from '../support/until.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api?.close());

const relayId = newId('rly');

async function dispatched() {
  const tenant = await api.makeTenant();
  const make = async () => (await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook')).id;
  const endpoints = [await make(), await make()] as const;
  const key = await api.postEvent(tenant);
  const { rows } = await api.db.query<{ event_id: string }>('select event_id from event_ids where external_id = $1', [key]);
  const eventId = `evt_${rows[0]?.event_id.replaceAll('-', '')}`;
  const dispatchId = newId('dsp');
  await api.db.query('update outbox set owner = $1 where event_id = $2', [uuidOf(relayId), uuidOf(eventId)]);
  expect(await createDispatches(api.db, relayId, [{ dispatchId, eventIds: [eventId], planned: false }])).toEqual([1]);
  const event = await readEventToPlan(api.db, eventId);
  if (!event) throw new Error('no event');
  return { eventId, dispatchId, event, endpoints };
}

const owners = async (eventId: string) => (await api.db.query('select owner from outbox where event_id = $1', [uuidOf(eventId)])).rows;

it('the relay finds the deliveries planned before, and none are planned after', async () => {
  const { eventId, dispatchId, event, endpoints } = await dispatched();
  const [first, second] = endpoints;
  expect(await insertDeliveries(api.db, dispatchId, event, [first])).toEqual([]);
  expect(await takeBackDispatch(api.db, relayId, dispatchId)).toBe(true);
  expect(await owners(eventId)).toHaveLength(1);
  expect(await insertDeliveries(api.db, dispatchId, event, [second])).toBeNull();
  expect(await existingDeliveries(api.db, [eventId])).toEqual([new Map([[first, 'pending']])]);
  expect(await takeBackDispatch(api.db, relayId, dispatchId)).toBe(false);
});

it('planning waits for a concurrent take-back, and then plans nothing', async () => {
  const { eventId, dispatchId, event, endpoints } = await dispatched();
  const client = await api.db.connect();
  await client.query('begin');
  expect(await takeBackDispatch({ ...api.db, query: client.query.bind(client) } as typeof api.db, relayId, dispatchId)).toBe(true);
  const planning = insertDeliveries(api.db, dispatchId, event, [...endpoints]);
  await until('it to wait', async () => {
    const { rows } = await api.db.query(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
    return rows.length === 1;
  });
  await client.query('commit');
  client.release();
  expect(await planning).toBeNull();
  expect(await existingDeliveries(api.db, [eventId])).toEqual([new Map()]);
});
