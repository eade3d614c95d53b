// The crash points of a day that is dropped: processes die by SIGKILL one after the other, each a step further. Then two
// finish it together, while events go on.
import { expect, it } from 'vitest';
import type { Checkpoint } from '#runtime/checkpoints';
import { newId } from '#runtime/new-id';
import { insertOldEvent, tablesOfDay } from '../support/old-days.ts';
import { quickLeases } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { makeTenant, openStage } from './stage.ts';

// a killed process has claimed the work until then
const timings = { ...quickLeases, retention: { everyMs: 200, claimMs: 200 } };

/** How many times the process goes on at this point, and which tables are left when it dies there. */
const steps: [Checkpoint, number, string[]][] = [
  ['partition detached', 1, ['attempts', 'deliveries', 'events']],
  ['partition detached', 3, ['attempts', 'deliveries', 'events']],
  ['partitions dropped', 1, ['events']],
  ['event ids deleted', 1, ['events']],
];

it('a day is dropped once, wherever the processes that drop it are killed', async ({ onTestFinished }) => {
  const stage = await openStage({ namespace: 't107', timings });
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  const { db } = stage;
  const owner = { tenantId: newId('tnt'), endpointId: newId('ep') };
  const [old, kept] = await Promise.all([91, 89].map((daysAgo) => insertOldEvent(db, { ...owner, daysAgo, withEndpoint: false })));
  if (!old || !kept) throw new Error('two events');
  const ids = async () => (await stage.query<{ id: string }>('select external_id as id from event_ids')).map(({ id }) => id);
  for (const [dieAt, time, left] of steps) {
    const process = await stage.start({ role: 'worker', dieAt, time, awaited: 'listening' });
    expect(await process.exited).toMatchObject({ signal: 'SIGKILL' });
    expect((await tablesOfDay(db, old.day)).map((name) => name.replace(/_\d+$/, ''))).toEqual(left);
  }
  expect(await ids()).toEqual([kept.eventId]);
  // its tables are dropped while this writes
  const [first] = await Promise.all([stage.start(), stage.start({ role: 'worker' })]);
  const tenant = await makeTenant(stage, first);
  const sent = await stage.send(first, tenant, ['a', 'b', 'c']);
  await until('the day to be gone', async () => (await tablesOfDay(db, old.day)).length === 0);
  expect(await tablesOfDay(db, kept.day)).toHaveLength(3);
  await stage.settled();
  expect(stage.notOnce(sent)).toEqual({});
  expect((await first.get(`/v1/deliveries/${old.deliveryId}`)).status).toBe(404);
  expect((await first.post(`/v1/deliveries/${old.deliveryId}/replay`, {})).status).toBe(404);
  // nothing was sent of what was dropped or kept
  expect(stage.receiver.requests).toHaveLength(3);
});
