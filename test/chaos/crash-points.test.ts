// The checkpoints of the protocol: processes die by SIGKILL one after the other, each at another
// checkpoint. The next process finds the unfinished work and continues it.
import { expect, it } from 'vitest';
import type { Checkpoint } from '#runtime/checkpoints';
import { quickLeases } from '../support/quick-timings.ts';
import { expectTrueRecords, makeTenant, openStage } from './stage.ts';

it('processes killed at each checkpoint lose nothing and repeat only the request that was sent and not recorded', async ({
  onTestFinished,
}) => {
  const stage = await openStage({ namespace: 't20', timings: quickLeases });
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  // one that finds work may die before it is ready
  const start = (dieAt: Checkpoint) => stage.start({ dieAt, awaited: 'listening' });
  const killed = { signal: 'SIGKILL' };
  const times = () => ['first', 'second', 'after'].map((id) => stage.receiver.of(id).length);
  const unplanned = 'select planned from dispatches where done_at is null';

  const first = await start('dispatch written');
  const tenant = await makeTenant(stage, first);
  await stage.send(first, tenant, ['first']);
  expect(await first.exited).toMatchObject(killed);
  expect(await stage.query(unplanned)).toHaveLength(1);

  const second = await start('event committed');
  await stage.settled();
  expect(times()).toEqual([1, 0, 0]);
  // the commit has succeeded without a response
  expect(await stage.send(second, tenant, ['second'])).toEqual([]);
  expect(await second.exited).toMatchObject(killed);
  expect(await stage.query('select event_id from outbox')).toHaveLength(1);

  // the second event dies with each of them a step further
  const third = await start('before plan');
  expect(await third.exited).toMatchObject(killed);
  expect(await stage.query('select id from deliveries')).toHaveLength(1);
  const fourth = await start('planned');
  expect(await fourth.exited).toMatchObject(killed);
  expect(await stage.query('select id from deliveries')).toHaveLength(2);
  expect(times()).toEqual([1, 0, 0]);
  const fifth = await start('posted');
  expect(await fifth.exited).toMatchObject(killed);
  expect(times()).toEqual([1, 1, 0]);

  const last = await stage.start();
  expect(await stage.send(last, tenant, ['after'])).toEqual(['after']);
  await stage.settled();
  expect(times()).toEqual([1, 2, 1]);
  await expectTrueRecords(stage);
});
