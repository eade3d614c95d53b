// The first activity of a delivery that has no row yet: Temporal must not believe its worker dead while PostgreSQL is slow,
// a process that was suspended while it planned must not send, because another worker may be sending, and a dispatch that
// was taken back is left to the relay. A refusal without room for its workflow passes the delivery to the relays.
import { asyncLocalStorage, Context } from '@temporalio/activity';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createAttemptDelivery } from '#activities/attempt-delivery';
import { createPlanDelivery } from '#activities/plan-delivery';
import { Engine } from '#attempts/engine';
import { createParkDelivery } from '#attempts/park-delivery';
import { Recorder } from '#attempts/recorder';
import { createSlots } from '#attempts/slots';
import { createStallWatch } from '#attempts/stall-watch';
import { takeBackDispatch } from '#db/events/dispatches';
import { createModeSwitch, type ModeSwitch } from '#domain/events/dispatch-mode';
import { deliveryId, uuidOf } from '#domain/ids';
import type { Reached } from '#runtime/checkpoints';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { testContents } from '../support/contents.ts';
import { until } from '../support/until.ts';
import { type AttemptStage, setAttemptStage } from './attempt-stage.ts';

const log = createLogger('silent');
const limits = { process: 9, tenant: 9, endpoint: 9 };
let stage: AttemptStage;
let engine: Engine;
let budget: ModeSwitch;
let heartbeats = 0;

beforeAll(async () => {
  stage = await setAttemptStage();
});
afterAll(() => stage?.close());
beforeEach(() => {
  const { db, lanes } = stage;
  heartbeats = 0;
  budget = createModeSwitch('adaptive');
  engine = new Engine({
    ...{ db, log, limits, budget },
    poster: stage.poster(log, { schedule: ['1h', '1h', '1h'] }),
    recorder: new Recorder(db, testContents(db), log),
    stallWatch: createStallWatch({ tickMs: 20, afterMs: 500 }),
    slots: createSlots(limits),
    laneWatch: lanes.lanes,
    parkDelivery: createParkDelivery({ db, lanes: lanes.lanes, tellLanes: lanes.parking.tell }),
  });
});

/** An event in a dispatch, for one endpoint. */
async function dispatched() {
  const { db } = stage;
  const [tenantId, endpointId, eventId, dispatchId] = [newId('tnt'), newId('ep'), newId('evt'), newId('dsp')];
  await stage.insertEndpoint({ tenantId, endpointId, eventId });
  await db.query('insert into dispatches (id, event_ids) values ($1, array[$2::uuid])', [uuidOf(dispatchId), uuidOf(eventId)]);
  return { deliveryId: deliveryId(eventId, endpointId), plan: { dispatchId, eventId, endpointId } };
}

/** The activity as a worker calls it. */
function attemptDelivery(input: Awaited<ReturnType<typeof dispatched>>, reached?: Reached, everyMs = 50, heartbeatTimeoutMs = 1_000) {
  const planDelivery = createPlanDelivery({ db: stage.db, waker: stage.lanes.waker, reached });
  const activity = createAttemptDelivery(engine, planDelivery, { everyMs, timeoutMs: 3 * everyMs });
  const context = Object.create(Context.prototype, {
    heartbeat: { value: () => void heartbeats++ },
    info: { value: { isLocal: false, heartbeatTimeoutMs } },
  }) as Context;
  return asyncLocalStorage.run(context, () => activity(input));
}

const requests = ({ plan: { endpointId } }: Awaited<ReturnType<typeof dispatched>>) => stage.requestsOf(endpointId);

it('heartbeats while PostgreSQL makes its planning wait', async () => {
  const input = await dispatched();
  const client = await stage.db.connect();
  await client.query('begin');
  await client.query('select from dispatches where id = $1 for update', [uuidOf(input.plan.dispatchId)]);
  const attempting = attemptDelivery(input);
  await until('heartbeats', () => heartbeats >= 3);
  expect(requests(input)).toBe(0);
  await client.query('rollback');
  client.release();
  expect(await attempting).toMatchObject({ status: 'succeeded', attempts: 1 });
  expect(requests(input)).toBe(1);
  const { rows } = await stage.db.query('select done_at is not null as done from dispatches where id = $1', [
    uuidOf(input.plan.dispatchId),
  ]);
  expect(rows).toEqual([{ done: true }]);
});

it('heartbeats in time for a workflow that another version began with a shorter timeout', async () => {
  const input = await dispatched();
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  stage.receiver.answer(`/${input.plan.endpointId}`, async (_request, response) => {
    await answered;
    response.writeHead(204).end();
  });
  const attempting = attemptDelivery(input, undefined, 600_000, 300);
  await until('heartbeats', () => heartbeats >= 3);
  answer();
  expect(await attempting).toMatchObject({ status: 'succeeded', attempts: 1 });
});

it('sends nothing if the process was suspended while it planned; the next call sends once', async () => {
  const input = await dispatched();
  const suspend: Reached = async (checkpoint) => {
    // nothing of this process runs for a second, as after SIGSTOP
    if (checkpoint === 'planned') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
  };
  await expect(attemptDelivery(input, suspend)).rejects.toThrow('the process was suspended');
  expect(requests(input)).toBe(0);
  expect(await attemptDelivery(input)).toMatchObject({ status: 'succeeded', attempts: 1 });
  expect(requests(input)).toBe(1);
});

it('waits for the row that the relay writes, if the dispatch was taken back', async () => {
  const input = await dispatched();
  const { db } = stage;
  const { dispatchId, eventId, endpointId } = input.plan;
  expect(await takeBackDispatch(db, newId('rly'), dispatchId)).toBe(true);
  await expect(attemptDelivery(input)).rejects.toMatchObject({ type: 'TakenBack', nextRetryDelay: expect.any(Number) });
  await db.query(
    `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts)
     select $1, id, $3, tenant_id, type, 'succeeded', 1 from events where id = $2`,
    [uuidOf(input.deliveryId), uuidOf(eventId), uuidOf(endpointId)],
  );
  expect(await attemptDelivery(input)).toMatchObject({ status: 'succeeded', attempts: 1 });
  expect(requests(input)).toBe(0);
});

it('ends if the dispatch is gone and nobody has the event', async () => {
  const input = await dispatched();
  await stage.db.query('delete from dispatches where id = $1', [uuidOf(input.plan.dispatchId)]);
  expect(await attemptDelivery(input)).toMatchObject({ status: 'expired', attempts: 0 });
  expect(requests(input)).toBe(0);
});

async function makeDue({ deliveryId: id }: Awaited<ReturnType<typeof dispatched>>): Promise<void> {
  await stage.db.query('update deliveries set next_attempt_at = now() where id = $1', [uuidOf(id)]);
}

it('passes the delivery to the relays after a refusal without room, and sends nothing from then on', async () => {
  const input = await dispatched();
  stage.receiver.answer(`/${input.plan.endpointId}`, [500, 204]);
  budget.setTemporalAway(true);
  const state = { status: 'retrying', attempts: 1, nextAttemptAt: expect.any(String), pumped: true };
  expect(await attemptDelivery(input)).toMatchObject(state);
  await makeDue(input);
  budget.setTemporalAway(false);
  expect(await attemptDelivery(input)).toMatchObject(state);
  expect(requests(input)).toBe(1);
});

it('returns a later refusal without room; with room it is thrown, as the wait for the next attempt', async () => {
  const input = await dispatched();
  stage.receiver.answer(`/${input.plan.endpointId}`, [500, 500, 500]);
  expect(await attemptDelivery(input)).toMatchObject({ status: 'retrying', attempts: 1, pumped: false });
  await makeDue(input);
  await expect(attemptDelivery(input)).rejects.toMatchObject({ type: 'http_status', nextRetryDelay: expect.any(Number) });
  await makeDue(input);
  budget.setTemporalAway(true);
  expect(await attemptDelivery(input)).toMatchObject({ status: 'retrying', attempts: 3, pumped: true });
});

it('leaves a dead letter to its workflow, which is open, without room too', async () => {
  const input = await dispatched();
  stage.receiver.answer(`/${input.plan.endpointId}`, [410]);
  budget.setTemporalAway(true);
  expect(await attemptDelivery(input)).toMatchObject({ status: 'dead_lettered', attempts: 1, pumped: false });
  const { rows } = await stage.db.query('select pumped from deliveries where id = $1', [uuidOf(input.deliveryId)]);
  expect(rows).toEqual([{ pumped: false }]);
});
