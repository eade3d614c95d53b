// A lane is kept while its circuit is open, whatever opens, releases or ends the lane.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { releaseLane, restLane, saveLane, takeLane } from '#db/lanes/lane-ownership';
import { openLanes } from '#db/lanes/lanes';
import { uuidOf } from '#domain/ids';
import { circuitTimes, opened } from '#domain/lanes/circuit';
import { until } from '../support/until.ts';
import { type LaneStage, names, setLaneStage } from './lane.ts';

let stage: LaneStage;
beforeAll(async () => {
  stage = await setLaneStage();
});
afterAll(() => stage?.close());

const times = { firstProbeMs: 3_600_000, longestProbeMs: 3_600_000 };
/** Longer than the time after which a lane that has caught up is released. */
const lingerMs = 1_500;
const once = { retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 } };
const refuse = (path: string) => stage.receiver.answer(path, (_request, response) => void response.writeHead(500).end());

it('a lane with an open circuit is kept when nothing is held any more: later deliveries are sent one by one as probes', async () => {
  const endpoint = await stage.makeEndpoint('/kept', once);
  refuse('/kept');
  await stage.park(endpoint, names('kept', 25));
  expect(await stage.drain(endpoint, undefined, { times, lingerMs })).toMatchObject({ state: 'blocked', wait: 'circuit_open' });
  await stage.db.query(`update deliveries set status = 'cancelled', next_attempt_at = null where endpoint_id = $1 and status = 'held'`, [
    uuidOf(endpoint),
  ]);
  await stage.toProbe(endpoint);
  expect(await stage.drain(endpoint, undefined, { times, lingerMs })).toMatchObject({ state: 'idle', held: 0 });
  expect(await stage.lane(endpoint)).toMatchObject({ parks: true, circuit: { state: 'open' } });

  await stage.park(endpoint, names('later', 60));
  const before = stage.arrived('/kept').length;
  for (let probes = 1; probes <= 3; probes++) {
    await stage.toProbe(endpoint);
    expect(await stage.drain(endpoint, undefined, { times, lingerMs })).toMatchObject({ state: 'blocked', wait: 'circuit_open' });
    expect(stage.arrived('/kept')).toHaveLength(before + probes);
    expect(await stage.lane(endpoint)).toMatchObject({ parks: true });
  }
  stage.receiver.answer('/kept', [204]);
  await stage.toProbe(endpoint);
  expect(await stage.drain(endpoint, undefined, { times, lingerMs })).toMatchObject({ state: 'idle', held: 0 });
  expect(await stage.lane(endpoint)).toMatchObject({ parks: false });
});

it('a lane with an open circuit is kept when it was released before: all processes park again', async () => {
  const endpoint = await stage.makeEndpoint('/let-go', { retry: { schedule: ['1h'] } });
  refuse('/let-go');
  await stage.park(endpoint, names('let-go', 30));
  await stage.db.query('update lanes set parks = false where endpoint_id = $1', [uuidOf(endpoint)]);
  expect(await stage.drain(endpoint, undefined, { times })).toMatchObject({ state: 'blocked', wait: 'circuit_open' });
  expect(await stage.lane(endpoint)).toMatchObject({ parks: true, reason: 'failing', circuit: { state: 'open' } });
});

it('a lane with an open circuit is kept when another process opens the circuit while the drain that released the lane still runs', async () => {
  const endpoint = await stage.makeEndpoint('/opened');
  await stage.park(endpoint, names('opened', 3));
  const draining = stage.drain(endpoint, undefined, { times, lingerMs: 60_000 });
  await until('the lane to be released', async () => (await stage.lane(endpoint)).parks === false);
  await openLanes(stage.db, [endpoint], 'failing', { circuit: opened(Date.now() + 3_600_000, circuitTimes), targetVersion: 1 });
  expect(await draining).toMatchObject({ state: 'blocked', wait: 'circuit_open' });
  expect(await stage.lane(endpoint)).toMatchObject({ parks: true, reason: 'failing', circuit: { state: 'open' } });
});

it('a lane with an open circuit is kept when another process opens the circuit right before that drain saves its facts or rests', async () => {
  const endpoint = await stage.makeEndpoint('/between');
  await stage.park(endpoint, names('between', 1));
  const { epoch = 0 } = (await takeLane(stage.db, endpoint)) ?? {};
  await releaseLane(stage.db, endpoint, epoch);
  await openLanes(stage.db, [endpoint], 'failing', { circuit: opened(Date.now() + 3_600_000, circuitTimes), targetVersion: 1 });
  const facts = { allowance: null, circuit: null, failingSinceMs: null, stateReason: null, targetVersion: 1 };
  expect(await saveLane(stage.db, endpoint, epoch, facts, true)).toBe(true);
  const open = { parks: true, reason: 'failing', circuit: { state: 'open' } };
  expect(await stage.lane(endpoint)).toMatchObject(open);
  const rest = { ...facts, state: 'idle', dueInMs: null, ended: true, close: true } as const;
  expect(await restLane(stage.db, endpoint, epoch, { ...rest, released: true })).toBe(true);
  expect(await stage.lane(endpoint)).toMatchObject(open);
  // a drain that has not released the lane has closed the circuit itself
  expect(await restLane(stage.db, endpoint, epoch, { ...rest, released: false })).toBe(true);
  expect(await stage.lane(endpoint)).toMatchObject({ parks: false, reason: 'backlog', circuit: null });
});
