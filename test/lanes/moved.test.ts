// An endpoint with a new target: everything about the old target is forgotten, and late responses
// from it change nothing.
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeEndpoint } from '#db/endpoints/endpoint-changes';
import { wakeLanes } from '#db/lanes/lanes';
import { uuidOf } from '#domain/ids';
import { circuitTimes, opened } from '#domain/lanes/circuit';
import { until } from '../support/until.ts';
import { type LaneStage, names, setLaneStage } from './lane.ts';

let stage: LaneStage;
beforeAll(async () => {
  stage = await setLaneStage();
});
afterAll(() => stage?.close());

/** Changes the target and then wakes the lane, as PATCH does. */
async function moveTo(endpointId: string, path: string): Promise<void> {
  const target = stage.targetOf(endpointId, path);
  const retarget = async () => ({ ...target, leadsElsewhere: true, shown: { before: { url: 'a' }, after: { url: 'b' } } });
  expect(await changeEndpoint(stage.db, endpointId, {}, { retarget })).toMatchObject({ kind: 'changed' });
  await wakeLanes(stage.db, [endpointId], 'changed');
}

/** Holds requests to a path until the test answers them. */
function holding(path: string) {
  const waiting: ServerResponse[] = [];
  stage.receiver.answer(path, (_, response) => void waiting.push(response));
  return {
    held: (count: number) => until(`${count} to wait at ${path}`, () => waiting.length >= count),
    answer(status: number, headers: Record<string, string> = {}): void {
      for (const response of waiting.splice(0)) response.writeHead(status, headers).end();
    },
  };
}

const peace = { 'retry-after': '3600' };
const endpointRow = async (id: string) =>
  (await stage.db.query('select gate, gate_reason, not_before, target_version from endpoints where id = $1', [uuidOf(id)])).rows[0];

describe('an endpoint with a new target', () => {
  it('is sent to at once, although the old target sent a Retry-After of an hour and the lane rested for it', async () => {
    const id = await stage.makeEndpoint('/peace-before');
    stage.receiver.answer('/peace-before', (_, response) => void response.writeHead(503, peace).end());
    await stage.park(id, names('peace', 3));
    expect(await stage.drain(id)).toMatchObject({ state: 'blocked', wait: 'retry_after' });
    await moveTo(id, '/peace-after');
    expect(await endpointRow(id)).toMatchObject({ not_before: null });
    expect(await stage.lane(id)).toMatchObject({ state: 'awake' });
    await stage.drain(id);
    // the delivery that failed keeps its own schedule
    expect(stage.arrived('/peace-after').length).toBeGreaterThanOrEqual(2);
  });

  it('is due even when its lane was not woken', async () => {
    const id = await stage.makeEndpoint('/unwoken-before', { not_before: new Date(Date.now() + 3_600_000) });
    await stage.park(id, names('unwoken', 1));
    await stage.drain(id);
    const target = stage.targetOf(id, '/unwoken-after');
    const retarget = async () => ({ ...target, leadsElsewhere: true, shown: { before: { url: 'a' }, after: { url: 'b' } } });
    await changeEndpoint(stage.db, id, {}, { retarget });
    const { state, due_at: dueAt } = await stage.lane(id);
    expect([state, Number(dueAt) <= Date.now() + 1_000]).toEqual(['blocked', true]);
  });

  it('does not count as failing: the circuit is closed, and the gate that Posthorn closed is open', async () => {
    const id = await stage.makeEndpoint('/failing', { gate: 'disabled', gate_reason: 'failed for too long' });
    await stage.park(id, names('failing', 2));
    const circuit = { ...opened(Date.now() + 3_600_000, circuitTimes), disabled: true };
    await stage.db.query(
      `update lanes set circuit = $2, allowance = '{"allowed": 1}', failing_since = now() - interval '9 days' where endpoint_id = $1`,
      [uuidOf(id), JSON.stringify(circuit)],
    );
    await moveTo(id, '/well');
    expect(await endpointRow(id)).toMatchObject({ gate: 'open', gate_reason: null });
    await stage.drain(id);
    expect(stage.arrived('/well')).toHaveLength(2);
    expect(await stage.lane(id)).toMatchObject({ circuit: null, failing_since: null });
  });

  it('stays paused when a person paused it', async () => {
    const id = await stage.makeEndpoint('/paused', { gate: 'held', gate_reason: 'paused' });
    await moveTo(id, '/paused-too');
    expect(await endpointRow(id)).toMatchObject({ gate: 'held', gate_reason: 'paused' });
  });

  it('is sent to by a running drain whose circuit was open for the old target', async () => {
    const id = await stage.makeEndpoint('/awake-before', { max_in_flight: 1 });
    stage.receiver.answer('/awake-before', (_, response) => void response.writeHead(500).end());
    await stage.park(id, names('awake', 4));
    // a probe is due every 1.5 seconds: the drain waits for it
    const times = { firstProbeMs: 1_500, longestProbeMs: 1_500 };
    await stage.db.query('update lanes set circuit = $2 where endpoint_id = $1', [uuidOf(id), JSON.stringify(opened(Date.now(), times))]);
    const draining = stage.drain(id, undefined, { times });
    await until('a probe', () => stage.arrived('/awake-before').length > 0);
    await moveTo(id, '/awake-after');
    await draining;
    expect(stage.arrived('/awake-after').length).toBeGreaterThanOrEqual(3);
    expect(await stage.lane(id)).toMatchObject({ circuit: null, failing_since: null });
  });
});

describe('a late response from the old target', () => {
  it.each<[string, number, Record<string, string>]>([
    ['410', 410, {}],
    ['a 503 with Retry-After', 503, peace],
    ['the failure that would open the circuit', 500, {}],
  ])('%s is recorded, and holds, disables and opens nothing', async (_, status, headers) => {
    const [before, after] = [`/late-${status}-before`, `/late-${status}-after`];
    const id = await stage.makeEndpoint(before, { max_in_flight: 1 });
    const hold = holding(before);
    const [first = ''] = await stage.park(id, names(`late-${status}`, 3));
    const failures = {
      inRow: 19,
      notAccepted: 19,
      sinceMs: 0,
      now: { attempts: 0, failures: 0 },
      before: { attempts: 0, failures: 0 },
      types: [],
    };
    await stage.db.query('update lanes set circuit = $2 where endpoint_id = $1', [
      uuidOf(id),
      JSON.stringify({ state: 'closed', failures }),
    ]);
    const draining = stage.drain(id);
    await hold.held(1);
    await moveTo(id, after);
    hold.answer(status, headers);
    await draining;
    expect(await stage.delivery(first)).toMatchObject({ round: 1 });
    expect(await endpointRow(id)).toMatchObject({ gate: 'open', not_before: null });
    expect(stage.arrived(after).length).toBeGreaterThanOrEqual(2);
    expect(await stage.lane(id)).toMatchObject({ circuit: null });
  });

  it('neither closes the circuit nor opens the gate of the new target, even if that equals an older one (A, B, A)', async () => {
    const id = await stage.makeEndpoint('/a');
    const hold = holding('/a');
    await stage.park(id, names('aba', 1));
    const draining = stage.drain(id);
    await hold.held(1);
    await moveTo(id, '/b');
    await moveTo(id, '/a');
    await stage.change(id, { gate: 'disabled', gate_reason: 'failed for too long' });
    hold.answer(204);
    await draining;
    expect(await endpointRow(id)).toMatchObject({ gate: 'disabled', target_version: 3 });
  });
});

it('a drain does not overwrite the facts of the new target with those of the old one, and the next drain ignores them', async () => {
  const id = await stage.makeEndpoint('/facts');
  await stage.park(id, names('facts', 1));
  await stage.change(id, { target_version: 2 });
  // as a process writes that does not know the new target yet
  await stage.db.query(`update lanes set target_version = 1, circuit = $2, allowance = '{"allowed": 1}' where endpoint_id = $1`, [
    uuidOf(id),
    JSON.stringify(opened(Date.now() + 3_600_000, circuitTimes)),
  ]);
  expect(await stage.drain(id)).toMatchObject({ sent: 1 });
  expect(await stage.lane(id)).toMatchObject({ circuit: null, target_version: 2 });
});
