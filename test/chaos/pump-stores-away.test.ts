// Attempts without a workflow while the stores are away: Temporal is away from the start, and PostgreSQL is stopped while
// the requests of two processes are in flight, until both relays have lost their leases.
import { expect, it } from 'vitest';
import { startOwnPostgres } from '../support/own-servers.ts';
import { longRequests } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { door } from './batched-stage.ts';
import { insertPumped, nudgePumps, pumpedRows } from './pump-stage.ts';
import { allowLongRequests, makeTenant, names, openStage } from './stage.ts';

it('without Temporal retries go on in time, and no request repeats when PostgreSQL was away', async ({ onTestFinished }) => {
  const own = await startOwnPostgres();
  onTestFinished(() => own.close());
  const retries = { POSTHORN_RETRY_SCHEDULE: Array.from({ length: 6 }, () => '300ms').join() };
  const env = { TEMPORAL_ADDRESS: '127.0.0.1:1', POSTHORN_DISPATCH: 'adaptive', ...retries };
  const stage = await openStage({ namespace: 't22', databaseUrl: own.url, timings: longRequests });
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  const start = () => stage.start({ env, awaited: 'listening' });
  const [first, second] = [await start(), await start()];
  const tenant = await makeTenant(stage, first);
  await allowLongRequests(stage);
  const statuses = async () => (await pumpedRows(stage)).map(({ status }) => status);

  stage.receiver.answer('/hook', [503, 503, 503, 503, 503, 204]);
  expect(await stage.send(first, tenant, ['refused'])).toEqual(['refused']);
  await until('its retries', async () => (await statuses())[0] === 'succeeded');
  const came = stage.receiver.of('refused').map((request) => request.came);
  // without its own times, a relay would look every 10 s, so that the last came 40 s after the first
  expect((came.at(-1) ?? 0) - (came[0] ?? 0)).toBeLessThan(30_000);

  const receiver = door(stage);
  receiver.shut('slow');
  const slow = names('slow', 24);
  for (const id of slow) await insertPumped(stage, tenant, id);
  await nudgePumps(stage);
  await until('the requests', () => receiver.waiting.length === slow.length);
  await own.stop();
  receiver.letPass(8);
  for (const { log } of [first, second]) await until('its relay has given up', () => log().includes('relay.fenced'));
  await own.start();
  const isSteady = 'select from relays where mode is not null and seen - started_at > $1::interval';
  await until('both relays are steady', async () => (await stage.query(isSteady, ['9 seconds'])).length === 2);
  await insertPumped(stage, tenant, 'after');
  await nudgePumps(stage);
  await until('the one after', () => stage.receiver.of('after').length === 1);
  expect(receiver.waiting).toHaveLength(16);
  receiver.letPass();
  await until('all records', async () => (await statuses()).every((status) => status === 'succeeded'));
  expect(stage.notOnce([...slow, 'after'])).toEqual({});
  expect((await pumpedRows(stage)).filter(({ id, attempts, recorded }) => attempts !== recorded + (id === 'refused' ? 0 : 1))).toEqual([]);
});
