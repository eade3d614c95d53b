// A day that is dropped while Posthorn runs: workflows and lanes are told before, and the API answers afterwards. The day is
// today, so that its deliveries have workflows and lanes.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dropOldDays } from '#chores/retention';
import { tablesOfDay } from '../support/old-days.ts';
import { quickWaits } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { type Stage, setStage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage('t108', {}, { timings: quickWaits });
});
afterAll(() => stage?.close());

/** As if today were over for longer than the retention time. */
function run() {
  const { db, waker: lanes, log } = stage.posthorn.core;
  return dropOldDays({ db, lanes, log, keepDays: -1, deadLetterWindowMs: 14 * 86_400_000 }, new AbortController().signal);
}

it('tells workflows and lanes, and the API answers for what is gone', async () => {
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
    expect(await run()).toEqual([]);
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
    const dropped = await run();
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
