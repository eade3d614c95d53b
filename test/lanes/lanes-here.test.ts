// Lanes above the budget of workflows are drained by a relay in its own process, with the rules of every other drain.
// A hundred dead endpoints keep the budget used up from the first test to the last.
import { WorkflowNotFoundError } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { laneWorkflowId } from '#contract/workflow-contract';
import { opened } from '#domain/lanes/circuit';
import { signalLane } from '#temporal/starter';
import { quickWaits } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { type LaneEndpoint, type LaneStage, makeLane, openLaneStage, upTo } from './lane-stage.ts';

const dead = 100;
/** A hundred lanes at once, on a machine with other work. */
const patienceMs = 240_000;
const probes = { firstProbeMs: 1_000, longestProbeMs: 2_000 };
/** Half of the burst of 10, which is what lanes may take at once. */
const atOnce = 5;

let stage: LaneStage;
let failing: LaneEndpoint[];
let openedAt: number;
const lines: string[] = [];

const drainedHere = ({ id }: LaneEndpoint) => lines.filter((line) => line.includes('lane.drained_here') && line.includes(id)).length;

async function hasWorkflow({ id }: LaneEndpoint): Promise<boolean> {
  try {
    await stage.where.temporal.workflow.getHandle(laneWorkflowId(id)).describe();
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return false;
  }
}

const probed = (what: string, times: number) =>
  until(`${what} of the probes of each`, () => failing.every((endpoint) => endpoint.requests().length >= times), patienceMs);

/** In another tenant than those that fail, which has its own share of drains. */
const healthy = async (settings: object) => makeLane(stage.where, await stage.posthorn.makeTenant(), settings);

/**
 * The first of these lanes without a workflow. On a slow machine the dead ones leave room for some: then more are opened at
 * once than there ever is room for.
 */
async function withoutWorkflow(lane: () => Promise<LaneEndpoint>): Promise<LaneEndpoint> {
  for (const together of [1, 1, 25, 25, 25]) {
    for (const endpoint of await Promise.all(Array.from({ length: together }, lane))) {
      if (!(await hasWorkflow(endpoint))) return endpoint;
    }
  }
  throw new Error('each lane has a workflow');
}

beforeAll(async () => {
  stage = await openLaneStage(
    't23',
    { POSTHORN_WORKFLOWS_PER_SECOND: '1', LOG_LEVEL: 'info' },
    { timings: { ...quickWaits, lanes: { ...quickWaits.lanes, circuit: probes } }, logTo: { write: (line) => void lines.push(line) } },
  );
  failing = [];
  for (let n = 0; n < dead; n++) failing.push(await stage.endpoint({ retry: { schedule: ['1h'] } }));
  for (const endpoint of failing) endpoint.answer([503]);
  const { waker } = stage.posthorn.core;
  openedAt = Date.now();
  const circuit = opened(openedAt + 5_000, probes);
  await Promise.all(failing.map(({ id }) => waker.open([id], 'failing', { circuit, targetVersion: 1 })));
  await until('the list of lanes to be read', () => Date.now() - openedAt > quickWaits.lanes.listFreshForMs);
  await Promise.all(failing.map((endpoint) => endpoint.post(2)));
  // from here on they take every workflow of the budget: one a second, for a minute and a half
  await probed('one', 1);
});
afterAll(() => stage?.close());

it('a lane that is drained here and its workflow never send at once, and the order holds', async () => {
  const answer = Promise.withResolvers<void>();
  const endpoint = await withoutWorkflow(async () => {
    const one = await healthy({ ordering: 'endpoint' });
    one.answer(async (_request, response) => {
      await answer.promise;
      response.writeHead(204).end();
    });
    await one.post(20);
    await until('its first request', () => one.requests().length === 1);
    return one;
  });
  const wake = () => signalLane(stage.posthorn.core.link, { endpointId: endpoint.id, tenant: endpoint.tenant, endpointHost: '127.0.0.1' });
  await wake();
  const handle = stage.where.temporal.workflow.getHandle(laneWorkflowId(endpoint.id));
  // a drain that had taken the lane would have sent 3 s later
  await until('its workflow to look three times', async () => ((await handle.query('lane')) as { drains: number }).drains >= 3);
  answer.resolve();
  for (let n = 0; n < 10; n++) await wake();
  await endpoint.reach('succeeded', 20, patienceMs);
  expect(endpoint.accepted()).toEqual(upTo(20));
  // only the one whose answer was held back may have timed out meanwhile
  const later = endpoint.requests().filter(({ headers }) => headers['webhook-id'] !== endpoint.requests()[0]?.headers['webhook-id']);
  expect(later).toHaveLength(19);
  expect(Math.max(...endpoint.requests().map((request) => request.atOnce))).toBe(1);
});

/** Returns the lane after all of it. */
async function commanded(): Promise<LaneEndpoint> {
  const endpoint = await healthy({ ordering: 'endpoint', onDeadLetter: 'block', retry: { schedule: ['1h'] } });
  await endpoint.act('pause');
  await endpoint.post(2);
  await endpoint.waitsFor('paused');
  expect(endpoint.requests()).toEqual([]);
  await endpoint.act('resume');
  await endpoint.reach('succeeded', 2, patienceMs);

  endpoint.answer([503]);
  const [head = ''] = await endpoint.post(2);
  await endpoint.waitsFor('head_in_backoff');
  await endpoint.command(head, 'retry-now');
  await endpoint.waitsFor('blocked_by_dead_letter');
  expect(endpoint.requests()).toHaveLength(4);
  endpoint.answer([204]);
  await endpoint.act('skip-head');
  await endpoint.reach('succeeded', 3, patienceMs);
  expect(endpoint.accepted()).toEqual([0, 1, 3]);
  return endpoint;
}

it('pause, resume, retry-now and skip-head of a lane that is drained here', async () => {
  expect(drainedHere(await withoutWorkflow(commanded))).toBe(1);
});

it('a hundred circuits that opened at once: the budget limits the workflows, and each is probed in its time', async () => {
  await probed('four', 4);
  for (const endpoint of failing) {
    const [first, ...later] = endpoint.requests();
    expect(first?.at).toBeGreaterThanOrEqual(openedAt + 5_000 + probes.firstProbeMs);
    // the circuit counts from when it learnt the answer
    for (const [n, { at }] of later.entries()) expect(at - (endpoint.requests()[n]?.at ?? 0)).toBeGreaterThanOrEqual(probes.longestProbeMs);
    expect(Math.max(...endpoint.requests().map((request) => request.atOnce))).toBe(1);
  }
  const workflows = await stage.where.temporal.workflow.count(`WorkflowType = 'endpointLane'`);
  // one that a test has woken, and one for the second that has begun
  expect(workflows.count).toBeLessThanOrEqual(atOnce + (Date.now() - openedAt) / 1_000 + 2);
  expect(failing.filter((endpoint) => drainedHere(endpoint) > 1)).toEqual([]);
  expect(failing.filter((endpoint) => drainedHere(endpoint) === 1).length).toBeGreaterThanOrEqual(dead - workflows.count);
});

it('the dead endpoints get everything once they answer, each event once', async () => {
  for (const endpoint of failing) endpoint.answer([204]);
  await Promise.all(failing.map((endpoint) => endpoint.reach('succeeded', 2, patienceMs)));
  for (const endpoint of failing) {
    expect(new Set(endpoint.accepted())).toEqual(new Set([0, 1]));
    expect(endpoint.requests().filter(({ answered }) => answered?.status === 204)).toHaveLength(2);
  }
  const workflows = await stage.where.temporal.workflow.count(`WorkflowType = 'endpointLane'`);
  // one that a test has woken, and one for the second that has begun
  expect(workflows.count).toBeLessThanOrEqual(atOnce + (Date.now() - openedAt) / 1_000 + 2);
});
