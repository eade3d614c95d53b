// The engine parks a delivery that only its endpoint's lane may send: the row is held, the lane is
// told, and nothing is posted.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Engine } from '#attempts/engine';
import { createParkDelivery } from '#attempts/park-delivery';
import { Recorder } from '#attempts/recorder';
import { createSlots } from '#attempts/slots';
import { createStallWatch } from '#attempts/stall-watch';
import { deliveryId, uuidOf } from '#domain/ids';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { testContents } from '../support/contents.ts';
import { laneOf, layToRest } from '../support/parking.ts';
import { until } from '../support/until.ts';
import { type AttemptStage, setAttemptStage } from './attempt-stage.ts';

const log = createLogger('silent');
const limits = { process: 9, tenant: 2, endpoint: 1 };
let stage: AttemptStage;
let engine: Engine;

beforeAll(async () => {
  stage = await setAttemptStage();
});
afterAll(() => stage?.close());
beforeEach(() => {
  const { db, lanes } = stage;
  const poster = stage.poster(log);
  engine = new Engine({
    ...{ db, poster, log, limits },
    recorder: new Recorder(db, testContents(db), log),
    stallWatch: createStallWatch(),
    slots: createSlots(limits),
    laneWatch: lanes.lanes,
    parkDelivery: createParkDelivery({ db, lanes: lanes.lanes, tellLanes: lanes.parking.tell }),
  });
});

/** A delivery that is due, for a new endpoint unless one is given. */
async function delivery(set = '', of: { tenantId?: string; endpointId?: string } = {}) {
  const { tenantId = newId('tnt'), endpointId = newId('ep') } = of;
  const eventId = newId('evt');
  const id = deliveryId(eventId, endpointId);
  await stage.insertEndpoint({ tenantId, endpointId, eventId });
  const sql = (text: string, values: unknown[]) => stage.db.query(text, values);
  await sql(
    `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, next_attempt_at) values ($1, $2, $3, $4, 'a.b', 'pending', now())`,
    [id, eventId, endpointId, tenantId].map(uuidOf),
  );
  if (set !== '') await sql(`update ${set}`, [uuidOf(set.startsWith('deliveries') ? id : endpointId)]);
  return { id, eventId, endpointId, tenantId };
}

const row = async (id: string) =>
  (
    await stage.db.query(
      `select status, attempts, position is not null as in_order, round(extract(epoch from next_attempt_at - now()) / 60)::int as in_minutes
       from deliveries where id = $1`,
      [uuidOf(id)],
    )
  ).rows[0];

it.each([
  `endpoints set ordering = 'endpoint' where id = $1`,
  `endpoints set gate = 'disabled' where id = $1`,
  `endpoints set not_before = now() + interval '1 hour' where id = $1`,
])('holds a delivery: %s', async (set) => {
  const { id, endpointId } = await delivery(set);
  expect(await engine.attempt(id)).toMatchObject({ kind: 'ended', state: { status: 'held', attempts: 0 } });
  expect(await row(id)).toEqual({ status: 'held', attempts: 0, in_order: true, in_minutes: 0 });
  expect(await laneOf(stage.db, endpointId)).toMatchObject({ state: 'awake' });
  expect(stage.requestsOf(endpointId)).toBe(0);
});

it('holds a delivery in backoff and keeps its due time', async () => {
  const { id, endpointId } = await delivery();
  await stage.db.query(
    `with d as (update deliveries set status = 'retrying', attempts = 1, next_attempt_at = now() + interval '1 hour' where id = $1)
     update endpoints set ordering = 'endpoint' where id = $2`,
    [uuidOf(id), uuidOf(endpointId)],
  );
  expect(await engine.attempt(id)).toMatchObject({ kind: 'ended', state: { status: 'held' } });
  expect(await row(id)).toEqual({ status: 'held', attempts: 1, in_order: true, in_minutes: 60 });
});

it('does not hold a deferred delivery that was never attempted until it is due', async () => {
  const { id, endpointId } = await delivery(`deliveries set next_attempt_at = now() + interval '10 minutes' where id = $1`);
  await stage.db.query(`update endpoints set ordering = 'endpoint' where id = $1`, [uuidOf(endpointId)]);
  expect(await engine.attempt(id)).toMatchObject({ kind: 'wait', ms: expect.any(Number) });
  expect(await row(id)).toMatchObject({ status: 'pending', in_order: false, in_minutes: 10 });
});

it('tells the lane again about a delivery that is held already', async () => {
  const { id, endpointId } = await delivery(`deliveries set status = 'held' where id = $1`);
  await layToRest(stage.db, endpointId);
  expect(await engine.attempt(id)).toMatchObject({ kind: 'ended', state: { status: 'held' } });
  expect(await laneOf(stage.db, endpointId)).toMatchObject({ state: 'awake' });
});

it('backs off without a slot of the endpoint and opens the lane when many wait; without a slot of the tenant it only backs off', async () => {
  const first = await delivery();
  const others = await Promise.all(Array.from({ length: 5 }, () => delivery('', first)));
  const oneMore = await delivery('', first);
  const [other, third] = [await delivery('', { tenantId: first.tenantId }), await delivery('', { tenantId: first.tenantId })];
  let answer = () => {};
  stage.receiver.answer(`/${first.endpointId}`, (_request, response) => {
    answer = () => response.writeHead(204).end();
  });
  stage.receiver.answer(`/${other.endpointId}`, (_request, response) => {
    const before = answer;
    answer = () => {
      before();
      response.writeHead(204).end();
    };
  });
  const firstPosted = engine.attempt(first.id);
  await until('the request', () => stage.requestsOf(first.endpointId) === 1);
  for (const { id } of others) expect(await engine.attempt(id)).toMatchObject({ kind: 'wait', outcome: 'no_slot' });
  expect(await laneOf(stage.db, first.endpointId)).toBeUndefined();
  expect(await engine.attempt(oneMore.id)).toMatchObject({ kind: 'ended', state: { status: 'held' } });
  expect(await laneOf(stage.db, first.endpointId)).toEqual({ state: 'awake', parks: true, reason: 'cap' });
  const otherPosted = engine.attempt(other.id);
  await until('the other request', () => stage.requestsOf(other.endpointId) === 1);
  expect(await engine.attempt(third.id)).toMatchObject({ kind: 'wait', outcome: 'no_slot' });
  expect(await laneOf(stage.db, third.endpointId)).toBeUndefined();
  answer();
  await Promise.all([firstPosted, otherPosted]);
  expect((await row(first.id)).status).toBe('succeeded');
});
