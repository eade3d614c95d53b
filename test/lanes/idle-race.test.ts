// A lane that goes idle just as a delivery is parked, again and again: what is parked in that moment is never left behind. Who would find it otherwise, the
// sweep, comes ten seconds later: each delivery has to be there before that.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { type LaneEndpoint, type LaneStage, openLaneStage } from './lane-stage.ts';

let stage: LaneStage;
beforeAll(async () => {
  stage = await openLaneStage('t49');
});
afterAll(() => stage?.close());

/** No sweep finds a lane that has been due for less than 10 s. */
const beforeAnySweepMs = 8_000;
// few, so that even a busy machine has begun all their drains long before the sweep would
const lanes = 16;
const roundsEach = 5;

async function arrived(endpoint: LaneEndpoint, count: number): Promise<void> {
  const all = () => new Set(endpoint.requests().map(({ headers }) => headers['webhook-id'])).size === count;
  await until(`${count} to arrive`, all, beforeAnySweepMs).catch(async (late) => {
    // on a busy machine a drain is slow to begin; a wake that is lost leaves no workflow to begin it
    const { status } = await stage.where.temporal.workflow.getHandle(`lane/${endpoint.id}`).describe();
    if (status.name !== 'RUNNING') throw late;
    await until(`${count} to arrive`, all);
  });
}

/** How long a drain waits for more before it ends: measured, so that the gaps of this test are about as long. */
async function lingerOf(endpoint: LaneEndpoint): Promise<number> {
  await endpoint.post(1);
  await arrived(endpoint, 1);
  const since = performance.now();
  await until('its drain to end', async () => (await endpoint.lane()).state === 'idle', undefined, 10);
  return performance.now() - since;
}

/** Bursts of one to three, with gaps that end about when the drain does. */
async function play(endpoint: LaneEndpoint, lingerMs: number): Promise<void> {
  let posted = endpoint.requests().length;
  for (let round = 0; round < roundsEach; round++) {
    const burst = 1 + Math.floor(3 * Math.random());
    await endpoint.post(burst);
    posted += burst;
    await arrived(endpoint, posted);
    // every other gap lies close about the end; the others spread further
    const spread = round % 2 === 0 ? 0.04 : 0.3;
    await delay(lingerMs * (1 + spread * (2 * Math.random() - 1)));
  }
}

describe.concurrent('a lane that goes idle just as something is parked', () => {
  it('leaves nothing behind in 80 rounds, without the sweep, and ends when it is over', { timeout: 240_000 }, async () => {
    const endpoints = await Promise.all(
      Array.from({ length: lanes }, () => stage.endpoint({ rateLimit: { perSecond: 10_000, burst: 10_000 } })),
    );
    const [first] = endpoints;
    if (!first) throw new Error('no endpoint');
    const lingerMs = await lingerOf(first);
    await Promise.all(endpoints.map((endpoint) => play(endpoint, lingerMs)));
    for (const endpoint of endpoints) {
      expect(Object.keys(await endpoint.statuses())).toEqual(['succeeded']);
      expect(endpoint.requests()).toHaveLength(endpoint.accepted().length);
    }
    await Promise.all(endpoints.map((endpoint) => endpoint.rests()));
    await until('no lane to have a workflow', async () => {
      const open = await Promise.all(endpoints.map((one) => one.openWorkflows()));
      return open.flat().length === 0;
    });
  });

  it('is found by the sweep when nobody told it', async () => {
    const endpoint = await stage.endpoint({ rateLimit: { perSecond: 100, burst: 10 } });
    await lingerOf(endpoint);
    // as if a process had died between its two commits: awake and due, and no workflow knows
    await stage.where.db.query(
      `update lanes set state = 'awake', due_at = now() - interval '20 seconds', drain_seen = now() - interval '20 seconds'
      where endpoint_id = $1`,
      [endpoint.id.slice('ep_'.length)],
    );
    await endpoint.post(1);
    await endpoint.reach('succeeded', 2);
  });
});
