// The upkeep Schedule in a real Temporal: created if missing, updated if an earlier version created
// it.
import type { ScheduleOptions } from '@temporalio/client';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { readConfig } from '#config/config';
import { namesOf, workflowTypes } from '#contract/workflow-contract';
import { usualTimings } from '#domain/timings';
import { openTemporalLink, type TemporalLink } from '#temporal/link';
import { ensureSchedules } from '#temporal/prepare';
import { installTestRuntime } from '../support/runtime.ts';

const { taskQueue, upkeepScheduleId } = namesOf('posthorn');
let link: TemporalLink;
beforeAll(async () => {
  const config = readConfig({ TEMPORAL_ADDRESS: inject('temporalAddress'), TEMPORAL_NAMESPACE: 't63' });
  installTestRuntime();
  // a description waits for Temporal's own worker, which took longer than the usual 5 s when the machine was busy
  link = openTemporalLink(config, pino({ level: 'silent' }), { ...usualTimings.temporal, callTimeoutMs: 60_000 });
  await link.connected;
});
afterAll(() => link?.close());

const hours = 3_600_000;
const described = () => link.call((client) => client.schedule.getHandle(upkeepScheduleId).describe());
const upToDate = {
  spec: { intervals: [expect.objectContaining({ every: 6 * hours })] },
  policies: { overlap: 'SKIP', catchupWindow: 60_000 },
  action: { workflowType: workflowTypes.upkeep, taskQueue, args: [], workflowId: upkeepScheduleId },
};

it('is updated once per process, and stays paused if it was paused', async () => {
  const earlier: ScheduleOptions = {
    scheduleId: upkeepScheduleId,
    spec: { intervals: [{ every: '24 hours' }] },
    policies: { overlap: 'ALLOW_ALL', catchupWindow: '1 day' },
    action: { type: 'startWorkflow', workflowType: 'upkeepOfOld', taskQueue: 'old', args: [1], workflowId: 'old-upkeep' },
    state: { paused: true, note: 'by the operator' },
  };
  await link.call((client) => client.schedule.create(earlier));
  await ensureSchedules(link, { update: false });
  expect((await described()).action).toMatchObject({ workflowType: 'upkeepOfOld' });
  await ensureSchedules(link, { update: true });
  expect(await described()).toMatchObject({ ...upToDate, state: { paused: true, note: 'by the operator' } });
  await ensureSchedules(link, { update: true });
  expect(await described()).toMatchObject(upToDate);
  await link.call((client) => client.schedule.getHandle(upkeepScheduleId).delete());
});

it('is created if it is missing', async () => {
  await ensureSchedules(link, { update: false });
  expect(await described()).toMatchObject({ ...upToDate, state: { paused: false } });
  await link.call((client) => client.schedule.getHandle(upkeepScheduleId).delete());
});
