// An endpoint that leads elsewhere: what was learnt of where it led before is forgotten, and what is answered there later changes nothing.
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeEndpoint } from '#db/endpoints/endpoint-changes';
import { wakeLanes } from '#db/lanes/lanes';
import { circuitTimes, opened } from '#domain/circuit';
import { uuidOf } from '#domain/ids';
import { until } from '../support/until.ts';
import { type LaneStage, names, setLaneStage } from './lane.ts';

let stage: LaneStage;
beforeAll(async () => {
  stage = await setLaneStage();
});
afterAll(() => stage?.close());

/** As PATCH does it: the change, and then the wake. */
async function moveTo(endpointId: string, path: string): Promise<void> {
  const target = stage.targetOf(endpointId, path);
  const retarget = () => ({ ...target, leadsElsewhere: true, shown: { before: { url: 'a' }, after: { url: 'b' } } });
  expect(await changeEndpoint(stage.db, endpointId, {}, { retarget })).toMatchObject({ kind: 'changed' });
  await wakeLanes(stage.db, [endpointId], 'changed');
}

/** Answers what comes to a path when it is told to. */
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

describe('an endpoint that leads elsewhere', () => {
  it('is sent to at once though the one before asked for peace for an hour, and its lane rested for that long', async () => {
    const id = await stage.makeEndpoint('/peace-before');
    stage.receiver.answer('/peace-before', (_, response) => void response.writeHead(503, peace).end());
    await stage.park(id, names('peace', 3));
    expect(await stage.drain(id)).toMatchObject({ state: 'shut', wait: 'retry_after' });
    await moveTo(id, '/peace-after');
    expect(await endpointRow(id)).toMatchObject({ not_before: null });
    expect(await stage.lane(id)).toMatchObject({ state: 'awake' });
    await stage.drain(id);
    // the one that was refused keeps its own schedule
    expect(stage.arrived('/peace-after').length).toBeGreaterThanOrEqual(2);
  });

  it('is due though nobody came to wake its lane', async () => {
    const id = await stage.makeEndpoint('/unwoken-before', { not_before: new Date(Date.now() + 3_600_000) });
    await stage.park(id, names('unwoken', 1));
    await stage.drain(id);
    const target = stage.targetOf(id, '/unwoken-after');
    const retarget = () => ({ ...target, leadsElsewhere: true, shown: { before: { url: 'a' }, after: { url: 'b' } } });
    await changeEndpoint(stage.db, id, {}, { retarget });
    const { state, due_at: dueAt } = await stage.lane(id);
    expect([state, Number(dueAt) <= Date.now() + 1_000]).toEqual(['shut', true]);
  });

  it('is no endpoint that failed: the circuit is closed, and the gate that Posthorn closed is open', async () => {
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

  it('is sent to by the drain that runs, whose open circuit was another server’s', async () => {
    const id = await stage.makeEndpoint('/awake-before', { max_in_flight: 1 });
    stage.receiver.answer('/awake-before', (_, response) => void response.writeHead(500).end());
    await stage.park(id, names('awake', 4));
    // a probe is due each second and a half: the drain waits for it
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

describe('a late answer of where it led before', () => {
  it.each<[string, number, Record<string, string>]>([
    ['410', 410, {}],
    ['a 503 that asks for peace', 503, peace],
    ['a refusal that would be one too many', 500, {}],
  ])('%s is recorded, and holds, stops and opens nothing', async (_, status, headers) => {
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

  it('closes no circuit of the one it leads to now, and does not open its gate: A, B and A again are three', async () => {
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

it('what a drain learnt of the target before it is not written over what is known of the one after, nor taken by the next drain', async () => {
  const id = await stage.makeEndpoint('/facts');
  await stage.park(id, names('facts', 1));
  await stage.change(id, { target_version: 2 });
  // as a process writes that did not know yet
  await stage.db.query(`update lanes set target_version = 1, circuit = $2, allowance = '{"allowed": 1}' where endpoint_id = $1`, [
    uuidOf(id),
    JSON.stringify(opened(Date.now() + 3_600_000, circuitTimes)),
  ]);
  expect(await stage.drain(id)).toMatchObject({ sent: 1 });
  expect(await stage.lane(id)).toMatchObject({ circuit: null, target_version: 2 });
});
