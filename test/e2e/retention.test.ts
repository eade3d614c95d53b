// A day that is dropped while Posthorn runs: workflows and lanes are told before, the API answers afterwards, and a kill at
// any step does no harm.
import { expect, it } from 'vitest';
import { dropOldDays } from '#chores/retention';
import type { Checkpoint } from '#runtime/checkpoints';
import { newId } from '#runtime/new-id';
import { makeTenant, openStage } from '../chaos/stage.ts';
import { insertOldEvent, tablesOfDay } from '../support/old-days.ts';
import { quickLeases, quickWaits } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { type Stage, setStage } from './stage.ts';

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

/** As if today were over for longer than the retention time. */
function run(stage: Stage) {
  const { db, waker: lanes, log } = stage.posthorn.core;
  return dropOldDays({ db, lanes, log, keepDays: -1, deadLetterWindowMs: 14 * 86_400_000 }, new AbortController().signal);
}

it('tells workflows and lanes, and the API answers for what is gone', async ({ onTestFinished }) => {
  // the day is today, so that its deliveries have workflows and lanes
  const stage = await setStage('t107', {}, { timings: quickWaits });
  onTestFinished(() => stage.close());
  const { posthorn, tenant, receiver } = stage;
  const retry = { schedule: ['50ms'] };
  const [retrying, dead] = await Promise.all([
    stage.send({ until: 'retrying', answer: [503] }),
    stage.send({ until: 'dead_lettered', answer: [503], retry }),
  ]);
  const blocked = await stage.send({
    until: 'dead_lettered or held',
    answer: [503],
    retry,
    endpoint: { ordering: 'endpoint', onDeadLetter: 'block' },
  });
  await blocked.reach('dead_lettered or held');
  const behind = await blocked.again('held');
  await Promise.all([retrying.started(), dead.started()]);
  const cursors = await Promise.all(
    [`/v1/deliveries?tenant=${tenant}`, `/v1/tenants/${tenant}/events`, `/v1/tenants/${tenant}/events?limit=1`].map(async (list) => {
      const page = await posthorn.get(`${list}${list.includes('?') ? '&' : '?'}limit=1`.replace('limit=1&limit=1', 'limit=1'));
      return `${list.split('?')[0]}?${list.includes('tenant=') ? `tenant=${tenant}&` : ''}cursor=${page.body.nextCursor}`;
    }),
  );

  await until('the first run to expire them', async () => {
    expect(await run(stage)).toEqual([]);
    return (await retrying.row()).status === 'expired';
  });
  expect([await dead.row(), await behind.row()]).toMatchObject([{ status: 'expired' }, { status: 'expired' }]);
  // the sweep signals them when 10 s have passed
  await posthorn.database.db.query(
    `update deliveries set unsignalled_since = now() - interval '11 seconds' where unsignalled_since is not null`,
  );
  expect(await Promise.all([retrying.closed(), dead.closed()])).toEqual(['expired', 'expired']);
  receiver.answer(blocked.path, [200]);

  const [day = ''] = await until('the day to be dropped', async () => {
    const dropped = await run(stage);
    return dropped.length > 0 && dropped;
  });
  expect(await tablesOfDay(posthorn.database.db, new Date().toISOString().slice(0, 10))).toEqual([]);
  expect(day).toBe(new Date().toISOString().slice(0, 10));
  for (const path of cursors) expect(await posthorn.get(path)).toMatchObject({ status: 200, body: { data: [], nextCursor: null } });
  for (const [method, path] of [
    ['GET', `/v1/deliveries/${dead.id}`],
    ['GET', `/v1/deliveries/${dead.id}/attempts`],
    ['POST', `/v1/deliveries/${dead.id}/replay`],
    ['POST', `/v1/deliveries/${dead.id}/cancel`],
    ['GET', `/v1/tenants/${tenant}/events/${dead.eventId}`],
    ['DELETE', `/v1/tenants/${tenant}/events/${dead.eventId}/content`],
  ] as const)
    expect([method, path, (await posthorn.call(method, path)).status]).toEqual([method, path, 404]);
  // the same id is a new event, and the lane sends again
  expect(await posthorn.post(`/v1/tenants/${tenant}/events`, { id: behind.eventId, type: behind.type, data: 2 })).toMatchObject({
    status: 202,
    body: { duplicate: false },
  });
  await until('it', () => receiver.of(behind.eventId).length === 1);
});
