// The crash points of an attempt without a workflow: processes die by SIGKILL one after the other, each a step further.
// Then one is stopped in order, while an endpoint takes its time and another process runs.
import { expect, it } from 'vitest';
import type { Checkpoint } from '#runtime/checkpoints';
import { longRequests, quickLeases } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { door } from './batched-stage.ts';
import { insertPumped, nudgePumps, pumpedRows } from './pump-stage.ts';
import { makeTenant, openStage } from './stage.ts';

it('processes killed at each step repeat only the request that was sent and not recorded; one that is stopped repeats none', async ({
  onTestFinished,
}) => {
  const stage = await openStage({ namespace: 't75', timings: quickLeases });
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  const start = (dieAt: Checkpoint) => stage.start({ dieAt, awaited: 'listening' });
  const killed = { signal: 'SIGKILL' };
  const requests = (id: string) => stage.receiver.of(id).length;

  const first = await start('pump has a slot');
  const tenant = await makeTenant(stage, first);
  await insertPumped(stage, tenant, 'killed');
  await nudgePumps(stage);
  expect(await first.exited).toMatchObject(killed);
  expect(await pumpedRows(stage)).toMatchObject([{ leased: false, attempts: 1 }]);
  const second = await start('pump has leased');
  expect(await second.exited).toMatchObject(killed);
  expect(await pumpedRows(stage)).toMatchObject([{ leased: true, attempts: 1 }]);
  expect(requests('killed')).toBe(0);
  const third = await start('posted');
  expect(await third.exited).toMatchObject(killed);
  expect(requests('killed')).toBe(1);

  const last = await stage.start({ timings: longRequests });
  const recorded = async () => (await pumpedRows(stage)).every(({ status }) => status === 'succeeded');
  await until('its record', recorded);
  expect(stage.receiver.of('killed').map(({ headers }) => headers['posthorn-attempt'])).toEqual(['2', '2']);

  const other = await stage.start({ timings: longRequests });
  const receiver = door(stage);
  receiver.shut('slow');
  await insertPumped(stage, tenant, 'slow');
  await nudgePumps(stage);
  await until('the request', () => receiver.waiting.length === 1);
  const [holder] = await stage.query<{ process: string }>(
    'select process from relays where id = (select leased_by from deliveries where leased_by is not null)',
  );
  const [leaves, stays] = holder?.process.endsWith(` ${last.pid}`) ? [last, other] : [other, last];
  const left = leaves.stop();
  await until('it leaves', async () => (await stage.query('select from relays where mode is null')).length === 1);
  // the one that stays is steady, and looks
  await until(
    'the other one looks',
    async () =>
      (await stage.query('select from relays where mode is not null and now() - started_at > $1::interval', ['9 seconds'])).length === 1,
  );
  await insertPumped(stage, tenant, 'beside');
  await nudgePumps(stage);
  await until('the one beside', () => requests('beside') === 1);
  expect(requests('slow')).toBe(1);
  receiver.letPass();
  expect(await left).toMatchObject({ code: 0 });
  await until('the record', recorded);
  expect(await stays.stop()).toMatchObject({ code: 0 });
  expect(['killed', 'slow', 'beside'].map(requests)).toEqual([2, 1, 1]);
  expect(await pumpedRows(stage)).toEqual(
    ['beside', 'killed', 'slow'].map((id) => ({ id, status: 'succeeded', attempts: 2, leased: false, recorded: 1 })),
  );
});
