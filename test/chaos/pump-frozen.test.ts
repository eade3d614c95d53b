// A process that attempts deliveries without workflows stands still (SIGSTOP) for longer than its lease, while its requests are
// in flight. Another one repeats them. When the first one continues, its records come late.
import { expect, it } from 'vitest';
import { longRequests } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { insertPumped, nudgePumps, pumpedRows } from './pump-stage.ts';
import { allowLongRequests, makeTenant, names, openStage } from './stage.ts';

it('records late what another process has repeated: one outcome counts, and nothing else is sent twice', async ({ onTestFinished }) => {
  const stage = await openStage({ namespace: 't86', timings: longRequests, env: { POSTHORN_RETRY_SCHEDULE: '1h,1h,1h' } });
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  const waiting = new Map<string, ((status: number) => void)[]>();
  stage.receiver.answer('/hook', ({ headers: { 'webhook-id': id = '' } }, response, count) => {
    if (count > 2) return void response.writeHead(204).end();
    waiting.set(id, [...(waiting.get(id) ?? []), (status) => void response.writeHead(status).end()]);
  });
  /** Answers the n-th request of each of these events. */
  const answer = (ids: string[], n: number, status: number) => {
    for (const id of ids) waiting.get(id)?.[n - 1]?.(status);
  };
  const requests = (id: string) => stage.receiver.of(id).length;
  const all = names('held', 12);
  const [late, repeated, both] = [all.slice(0, 4), all.slice(4, 8), all.slice(8)];
  const states = async (ids: string[]) => {
    const rows = await pumpedRows(stage);
    return new Set(rows.filter(({ id }) => ids.includes(id)).map(({ status, attempts, leased }) => `${status} ${attempts} ${leased}`));
  };

  const frozen = await stage.start();
  const tenant = await makeTenant(stage, frozen);
  await allowLongRequests(stage);
  for (const id of all) await insertPumped(stage, tenant, id);
  await nudgePumps(stage);
  await until('the requests', () => all.every((id) => requests(id) === 1));
  frozen.freeze();
  const other = await stage.start();
  await until('the other one to repeat them', () => all.every((id) => requests(id) === 2));
  await insertPumped(stage, tenant, 'beside');
  await nudgePumps(stage);
  await until('one beside them', () => waiting.has('beside'));
  answer(['beside'], 1, 204);

  // some are decided by the process that repeats them, some by the late record, some by both
  answer(repeated, 2, 204);
  await until('their records', async () => (await states(repeated)).has('succeeded 2 false'));
  answer(all, 1, 503);
  frozen.thaw();
  await until('the late records', async () => (await pumpedRows(stage)).filter(({ recorded }) => recorded > 0).length === 13);
  await until(
    'its new lease',
    async () => (await stage.query(`select from relays where process like $1`, [`% ${frozen.pid}`])).length === 1,
  );
  expect(await states(repeated)).toEqual(new Set(['succeeded 2 false']));
  // the late refusals count, and end no lease but their own: the other one still waits for its answers
  expect(await states([...late, ...both])).toEqual(new Set(['retrying 2 true']));
  answer(late, 2, 503);
  answer(both, 2, 204);
  await until('the acceptances', async () => (await states(both)).has('succeeded 2 false'));
  await until('the refusals', async () => (await pumpedRows(stage)).every(({ id, recorded }) => recorded === (id === 'beside' ? 1 : 2)));
  expect(await states(late)).toEqual(new Set(['retrying 2 true']));

  // the next attempt of each is made once, by either
  await stage.query(`update deliveries set next_attempt_at = now() where status = 'retrying'`);
  await nudgePumps(stage);
  await until('the end', async () => (await pumpedRows(stage)).every(({ status }) => status === 'succeeded'));
  expect(await states(late)).toEqual(new Set(['succeeded 3 false']));
  expect([late, repeated, both, ['beside']].map((ids) => new Set(ids.map(requests)))).toEqual(
    [3, 2, 2, 1].map((count) => new Set([count])),
  );
  expect(late.map((id) => stage.receiver.of(id).map(({ headers }) => headers['posthorn-attempt']))).toEqual(
    late.map(() => ['2', '2', '3']),
  );
  expect(await other.stop()).toMatchObject({ code: 0 });
  expect(await frozen.stop()).toMatchObject({ code: 0 });
});
