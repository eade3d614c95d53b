// The sweep signals lanes that are past their time, which starts their workflows, and wakes lanes
// that do not know of their held deliveries.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readConfig } from '#config/config';
import type { LaneKnown } from '#contract/workflow-contract';
import { obeyCommand } from '#db/deliveries/commands';
import type { Command } from '#domain/deliveries/delivery';
import { createModeSwitch } from '#domain/events/dispatch-mode';
import { uuidOf } from '#domain/ids';
import { LanesHere } from '#relay/lanes-here';
import { Sweep, sweepAll } from '#relay/sweep';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { openTemporalLink } from '#temporal/link';
import { openLaneWorkflows } from '#temporal/open-lane-workflows';
import { createStarter } from '#temporal/starter';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertForeground, laneOf, layToRest, type ParkingWithoutTemporal, parkWithoutTemporal } from '../support/parking.ts';
import { startPosthorn } from '../support/posthorn.ts';
import { until } from '../support/until.ts';

it('starts the workflow of a lane that is past its time and did not act', async () => {
  const posthorn = await startPosthorn({ namespace: 't59' });
  const { id } = await posthorn.makeEndpoint(await posthorn.makeTenant(), 'http://127.0.0.1:9/hook');
  await layToRest(posthorn.core.db, id);
  await posthorn.core.db.query(`update lanes set state = 'awake', due_at = now() - interval '11 seconds' where endpoint_id = $1`, [
    uuidOf(id),
  ]);
  const sweep = new Sweep({ ...posthorn.core, drainHere: () => undefined });
  const handle = posthorn.temporal.workflow.getHandle(`lane/${id}`);
  const described = await until('its workflow', async () => {
    // retried in case Temporal has not answered in time
    await sweep.run();
    return handle.describe();
  });
  expect(described.type).toBe('endpointLane');
  await posthorn.stop();
});

it('starts the workflow of every lane that holds deliveries at once on `reconcile`', async () => {
  const posthorn = await startPosthorn({ namespace: 't59' });
  onTestFinished(posthorn.stop);
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/hook');
  await posthorn.post(`/v1/endpoints/${id}/pause`);
  const event = await posthorn.postEvent(tenant);
  await until('its lane to be shut', async () => (await posthorn.get(`/v1/endpoints/${id}/lane`)).body.waitingFor === 'paused');
  // the lane is shut by the pause alone, and may hold nothing yet
  await until('the delivery to be held', async () => (await posthorn.deliveriesOf(tenant, event))[0]?.status === 'held');
  const handle = () => posthorn.temporal.workflow.getHandle(`lane/${id}`);
  const { runId } = await until('its workflow', () => handle().describe());
  await handle().terminate('lost');
  expect(await sweepAll(posthorn.core)).toEqual({ deliveries: 0, lanes: 1 });
  expect(await handle().describe()).toMatchObject({ status: { name: 'RUNNING' }, runId: expect.not.stringMatching(runId) });
});

it('wakes the workflow of a lane that was drained without it, and of no other', async () => {
  const posthorn = await startPosthorn({ namespace: 't59' });
  onTestFinished(posthorn.stop);
  const { db, link, waker, log } = posthorn.core;
  const tenant = await posthorn.makeTenant();
  const makePaused = async () => {
    const { id } = await posthorn.makeEndpoint(tenant, 'http://127.0.0.1:9/hook');
    await posthorn.post(`/v1/endpoints/${id}/pause`);
    return id as string;
  };
  const [left, waits] = [await makePaused(), await makePaused()];
  await posthorn.postEvent(tenant);
  const lane = (id: string) => posthorn.temporal.workflow.getHandle(`lane/${id}`);
  const known = (id: string) => lane(id).query<LaneKnown>('lane');
  for (const id of [left, waits]) await until('its workflow to wait', async () => (await known(id)).wait === 'paused');
  const { drains } = await known(waits);
  await db.query(`update endpoints set gate = 'open' where id = $1`, [uuidOf(left)]);
  await db.query(`update lanes set state = 'idle', state_reason = null where endpoint_id = $1`, [uuidOf(left)]);
  await db.query(`update deliveries set status = 'cancelled', position = null where endpoint_id = $1`, [uuidOf(left)]);
  const lanesHere = new LanesHere({
    ...{ db, waker, log, isTemporalAway: () => false, openLanes: () => openLaneWorkflows(link) },
    modes: createModeSwitch('individual'),
    drains: { begin: () => false, room: () => 0 },
  });
  await until('its workflow to end', async () => {
    await lanesHere.wakeLeft(new AbortController().signal); // Temporal's list may be late
    return (await lane(left).describe()).status.name === 'COMPLETED';
  });
  expect(await known(waits)).toMatchObject({ wait: 'paused', drains });
});

describe('without Temporal', () => {
  const log = createLogger('silent');
  const link = openTemporalLink(readConfig({ TEMPORAL_ADDRESS: '127.0.0.1:1' }), log);
  let database: TestDatabase;
  let lanes: ParkingWithoutTemporal;
  beforeAll(async () => {
    database = await createTestDatabase();
    lanes = parkWithoutTemporal(database.db);
  });
  afterAll(async () => {
    await lanes?.stop();
    await link.close();
    await database?.drop();
  });

  it('wakes a lane that is idle or missing although it holds a due delivery, and no other lane', async () => {
    const { db } = database;
    const [resting, missing, later] = [newId('ep'), newId('ep'), newId('ep')];
    for (const endpointId of [resting, missing, later]) {
      const eventId = newId('evt');
      await insertForeground(db, { tenantId: newId('tnt'), endpointId, eventId });
      await db.query(
        `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, next_attempt_at)
         values ($1, $1, $2, $2, 'a.b', 'held', now() + $3::interval)`,
        [uuidOf(eventId), uuidOf(endpointId), endpointId === later ? '1 hour' : '-11 seconds'],
      );
    }
    await layToRest(db, resting);
    await layToRest(db, later);
    await new Sweep({ db, starter: createStarter(link, 60_000), waker: lanes.waker, drainHere: () => undefined, log }).run();
    expect(await laneOf(db, resting)).toMatchObject({ state: 'awake' });
    expect(await laneOf(db, missing)).toMatchObject({ state: 'awake' });
    expect(await laneOf(db, later)).toMatchObject({ state: 'idle', parks: false });
  });

  it('wakes a lane that rests although its gate is open again, and no paused lane', async () => {
    const { db } = database;
    const [paused, resumed] = [newId('ep'), newId('ep')];
    for (const endpointId of [paused, resumed]) {
      const eventId = newId('evt');
      await insertForeground(db, { tenantId: newId('tnt'), endpointId, eventId });
      await db.query(
        `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, next_attempt_at)
         values ($1, $1, $2, $2, 'a.b', 'held', now() - interval '11 seconds')`,
        [uuidOf(eventId), uuidOf(endpointId)],
      );
      await layToRest(db, endpointId);
    }
    await db.query(`update lanes set state = 'blocked', state_reason = 'paused' where endpoint_id = any($1)`, [
      [paused, resumed].map(uuidOf),
    ]);
    await db.query(`update endpoints set gate = 'held', gate_reason = 'paused' where id = $1`, [uuidOf(paused)]);
    await new Sweep({ db, starter: createStarter(link, 60_000), waker: lanes.waker, drainHere: () => undefined, log }).run();
    expect(await laneOf(db, resumed)).toMatchObject({ state: 'awake' });
    expect(await laneOf(db, paused)).toMatchObject({ state: 'blocked' });
  });

  it('expires all held deliveries past their expiry in one sweep, however many there are', async () => {
    const { db } = database;
    const [endpointId, eventId] = [newId('ep'), newId('evt')];
    await insertForeground(db, { tenantId: newId('tnt'), endpointId, eventId });
    await db.query(
      `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, next_attempt_at, expires_at)
       select d.id, $2, p.id, p.tenant_id, 'a.b', 'held', now(), now() + case when n > 1200 then interval '1 hour' else interval '-1 second' end
       from unnest($3::uuid[]) with ordinality as d (id, n), endpoints p where p.id = $1`,
      [uuidOf(endpointId), uuidOf(eventId), Array.from({ length: 1201 }, () => uuidOf(newId('dlv')))],
    );
    const starter = createStarter(link, 60_000);
    await new Sweep({ db, starter, waker: lanes.waker, drainHere: () => undefined, log }).run();
    const { rows } = await db.query('select status, count(*)::int from deliveries where endpoint_id = $1 group by 1 order by 1', [
      uuidOf(endpointId),
    ]);
    expect(rows).toEqual([
      { status: 'expired', count: 1200 },
      { status: 'held', count: 1 },
    ]);
  });

  it.each<[Command, string]>([
    [{ kind: 'cancel' }, 'cancelled'],
    [{ kind: 'replay', replayId: 'once' }, 'held'],
  ])('signals a lane blocked by a dead letter if the process that stored the command %j crashed before it did', async (command, after) => {
    const { db } = database;
    const [endpointId, eventId] = [newId('ep'), newId('evt')];
    await insertForeground(db, { tenantId: newId('tnt'), endpointId, eventId });
    await db.query(`update endpoints set ordering = 'endpoint', on_dead_letter = 'block' where id = $1`, [uuidOf(endpointId)]);
    await db.query(
      `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, position)
       select $1, $1, id, tenant_id, 'a.b', 'dead_lettered', 7 from endpoints where id = $2`,
      [uuidOf(eventId), uuidOf(endpointId)],
    );
    await layToRest(db, endpointId);
    await db.query(`update lanes set state = 'blocked', state_reason = 'blocked_by_dead_letter' where endpoint_id = $1`, [
      uuidOf(endpointId),
    ]);
    expect(await obeyCommand(db, eventId, command, 'outside')).toMatchObject({ obeyed: true, unblocks: true, status: after });
    await db.query(`update deliveries set unsignalled_since = now() - interval '11 seconds' where id = $1`, [uuidOf(eventId)]);
    await new Sweep({ db, starter: createStarter(link, 60_000), waker: lanes.waker, drainHere: () => undefined, log }).run();
    expect(await laneOf(db, endpointId)).toMatchObject({ state: 'awake' });
  });
});
