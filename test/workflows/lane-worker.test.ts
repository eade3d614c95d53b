// Shutdown of a lane worker: its drains are cancelled at once and end in order, and another worker
// continues the lane.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { untilAborted } from '#runtime/aborted';
import { again, ended, type LaneStage, setLaneStage } from '../support/scripted-lane.ts';
import { until } from '../support/until.ts';

let stage: LaneStage;
beforeAll(async () => {
  stage = await setLaneStage('t57');
});
afterAll(() => stage?.close());

/** Longer than the heartbeat timeout. */
const inFlightMs = 6_500;

it('a drain with requests in flight records them when its worker ends, and another worker continues', async () => {
  const told: boolean[] = [];
  const lane = stage.lane(async (call, stopping) => {
    if (call > 1) return ended;
    await untilAborted(stopping);
    told.push(true);
    await delay(inFlightMs);
    return again;
  });
  await lane.wake();
  await until('its drain', () => lane.drains() === 1);
  const stopped = stage.stopWorkers();
  await until('the drain to be told', () => told.length === 1);
  await stopped;
  await stage.startWorkers();
  expect(await lane.handle.result()).toEqual(ended);
  expect(lane.drains()).toBe(2);
  const { events } = await lane.handle.fetchHistory();
  const started = events?.flatMap(({ activityTaskStartedEventAttributes: attributes }) => attributes ?? []) ?? [];
  expect(started.map(({ attempt }) => attempt)).toEqual([1, 1]);
});
