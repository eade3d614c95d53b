// Drains without a workflow share the places of the process, and none is lost.
import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { DrainReport } from '#lanes/drain-types';
import { createDrainsHere } from '#lanes/drains-here';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });
const report: DrainReport = { state: 'idle', wait: null, dueInMs: null, held: 0, sent: 0 };

/** Drains that end when they are told to. */
function scripted(maxDrains: number) {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const here = createDrainsHere(
    (endpointId) => {
      begun.push(endpointId);
      return new Promise((resolve) => ends.push(() => resolve(report)));
    },
    maxDrains,
    log,
  );
  return { begun, here, endAll: () => ends.splice(0).forEach((end) => void end()) };
}

it('one tenant gets half of the places, all tenants together no more than there are', async () => {
  const { here, begun, endAll } = scripted(4);
  const begin = (endpointId: string, tenantId: string) => here.begin({ endpointId, tenantId });
  expect([begin('a1', 'a'), begin('a2', 'a'), begin('a3', 'a')]).toEqual([true, true, false]);
  expect([begin('b1', 'b'), begin('c1', 'c'), begin('d1', 'd')]).toEqual([true, true, false]);
  expect(here.room()).toBe(0);
  endAll();
  await until('all to end', () => here.running() === 0);
  expect(begin('a3', 'a')).toBe(true);
  endAll();
  await here.stop();
  expect(begun).toEqual(['a1', 'a2', 'b1', 'c1', 'a3']);
});

it('a lane that is woken while its drain ends is drained once more', async () => {
  const { here, begun, endAll } = scripted(4);
  const lane = { endpointId: 'a1', tenantId: 'a' };
  expect([here.begin(lane), here.begin(lane), here.begin(lane)]).toEqual([true, false, false]);
  endAll();
  await until('the second drain', () => begun.length === 2);
  endAll();
  await until('it to end', () => here.running() === 0);
  expect(begun).toEqual(['a1', 'a1']);
});
