// A drain that comes to rest just as something is parked, many times over: it finds the row, or whoever parked finds the lane at rest.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createNudges, type Nudges } from '../../src/lanes/nudges.ts';
import { type LaneStage, names, setLaneStage } from './lane.ts';

let stage: LaneStage;
beforeAll(async () => {
  stage = await setLaneStage();
});
afterAll(() => stage?.close());

/** Nobody nudges here; the drain looks each 10 ms instead. */
function wakeful(): Nudges {
  const nudges = createNudges();
  return { ...nudges, wait: (endpointId, ms, stopping) => nudges.wait(endpointId, Math.min(ms, 10), stopping) };
}

it('a drain loses nothing that is parked just as it comes to rest', async () => {
  const endpoint = await stage.makeEndpoint('/race', { rate_limit: { perSecond: 10_000, burst: 100 } });
  await stage.park(endpoint, names('race', 1));
  let n = 1;
  for (let drains = 0; drains < 30; drains++) {
    let ended = false;
    const draining = stage.drain(endpoint, undefined, { lingerMs: 40, nudges: wakeful() }).finally(() => {
      ended = true;
    });
    // again and again around the moment at which it gives up waiting
    while (!ended && n < 600) {
      await new Promise((resolve) => setTimeout(resolve, 20 + 80 * Math.random()));
      await stage.park(endpoint, names(`race-${n++}`, 1));
    }
    await draining;
  }
  // whoever parked found the lane resting and woke it, or the drain found the row
  while ((await stage.lane(endpoint)).state === 'awake') await stage.drain(endpoint);
  expect(await stage.statuses(endpoint)).toEqual({ succeeded: n });
  // it was at rest in between, and not only at the end
  expect(n).toBeLessThan(600);
});
