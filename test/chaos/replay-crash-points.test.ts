// A worker dies right after a page of a replay job is committed: before it wakes the lanes that hold its deliveries, and before
// it counts a result. Nothing is replayed twice, and all of it is delivered.
import { expect, it } from 'vitest';
import { quickLeases } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { openStage } from './stage.ts';

it('a worker killed after a page leaves held deliveries that are found, and a job that goes on', async ({ onTestFinished }) => {
  const timings = { ...quickLeases, sweep: { ...quickLeases.sweep, forgottenLanesEveryMs: 2_000 } };
  const stage = await openStage({ namespace: 't91', timings });
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  const server = await stage.start({ role: 'server', awaited: 'listening' });
  const dying = await stage.start({ role: 'worker', dieAt: 'replay page handed over' });
  const tenant = await server.makeTenant();
  const paced = { rateLimit: { perSecond: 100, burst: 10 }, retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 } };
  stage.receiver.answer('/hook', [404, 204]);
  await server.makeEndpoint(tenant, `${stage.receiver.url}/hook`, paced);
  // not a day before, whose page would have no deliveries
  const since = new Date().toISOString();
  const ids = await stage.send(
    server,
    tenant,
    Array.from({ length: 6 }, (_, n) => `event-${n}`),
  );
  const status = async (wanted: string) => (await stage.query('select from deliveries where status = $1', [wanted])).length === ids.length;
  await until('dead letters', () => status('dead_lettered'));
  await until('a lane at rest', async () => (await stage.query(`select from lanes where state = 'awake'`)).length === 0);
  const { body: job } = await server.post('/v1/replays', { tenant, since });
  expect(await dying.exited).toMatchObject({ signal: 'SIGKILL' });
  expect(await status('held')).toBe(true);
  await stage.start({ role: 'worker' });
  const done = await until('the end', async () => {
    const { body } = await server.get(`/v1/replays/${job.id}`);
    return body.status === 'done' && body;
  });
  expect(done).toMatchObject({ matched: 6, done: 6, succeeded: 6, waiting: 0 });
  expect(ids.map((id) => stage.receiver.of(id).map(({ headers }) => headers['posthorn-replay']))).toEqual(ids.map(() => [undefined, '2']));
});
