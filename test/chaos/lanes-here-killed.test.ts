// The process that drains lanes above the budget of workflows is killed. Another process goes on with all of them.
import { expect, it, onTestFinished } from 'vitest';
import { openLanes } from '#db/lanes/lanes';
import { opened } from '#domain/lanes/circuit';
import { makeLane, upTo } from '../lanes/lane-stage.ts';
import { quickLeases } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { openStage } from './stage.ts';

const dead = 40;
const probes = { firstProbeMs: 1_000, longestProbeMs: 2_000 };

it('SIGKILL of the process that drains lanes here: another one probes each and sends the rest, in order', async () => {
  const timings = { ...quickLeases, lanes: { ...quickLeases.lanes, circuit: probes } };
  const env = { POSTHORN_DISPATCH: 'adaptive', POSTHORN_WORKFLOWS_PER_SECOND: '1', LOG_LEVEL: 'info' };
  const stage = await openStage({ namespace: 't79', env, timings });
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  const first = await stage.start();
  const where = { api: first, db: stage.db, receiver: stage.receiver, temporal: stage.temporal };
  const [tenant, other] = [await first.makeTenant(), await first.makeTenant()];
  const failing = await Promise.all(upTo(dead).map(() => makeLane(where, tenant, { retry: { schedule: ['1h'] } })));
  for (const endpoint of failing) endpoint.answer([503]);
  // no process has opened these lanes, so the sweep finds them
  const began = Date.now();
  const circuit = opened(began + 5_000, probes);
  await openLanes(
    stage.db,
    failing.map(({ id }) => id),
    'failing',
    { circuit, targetVersion: 1 },
  );
  await until('the list of lanes to be read', () => Date.now() - began > timings.lanes.listFreshForMs);
  await Promise.all(failing.map((endpoint) => endpoint.post(2)));
  await until('two probes of each', () => failing.every((endpoint) => endpoint.requests().length >= 2));

  const killed = Promise.withResolvers<void>();
  /** A lane whose first request is in flight until the process is killed. */
  async function inFlight() {
    const lane = await makeLane(where, other, { ordering: 'endpoint' });
    lane.answer(async (_request, response) => {
      await killed.promise;
      response.writeHead(204).end();
    });
    await lane.post(5);
    await until('its first request', () => lane.requests().length === 1);
    return lane;
  }
  const ordered = [await inFlight()];
  // the budget of workflows may have room for some of them
  const isHere = () => first.log().includes(`"${ordered.at(-1)?.id}","msg":"lane.drained_here"`);
  while (!isHere() && ordered.length < 10) ordered.push(await inFlight());
  expect(isHere()).toBe(true);

  const second = await stage.start();
  const before = failing.map((endpoint) => endpoint.requests().length);
  await first.kill();
  killed.resolve();
  await until('two more probes of each', () => failing.every((one, n) => one.requests().length >= (before[n] ?? 0) + 2));
  // its API went with it
  const statusesAre = (id: string, count: number) =>
    until(`the deliveries of ${id}`, async () => {
      const [row] = await stage.query<{ count: number }>(
        `select count(*)::int from deliveries where endpoint_id = $1 and status = 'succeeded'`,
        [id.slice('ep_'.length)],
      );
      return row?.count === count;
    });
  for (const lane of ordered) {
    await statusesAre(lane.id, 5);
    expect(lane.accepted()).toEqual(upTo(5));
    // the first was in flight; it may have timed out before, while a slow machine started the second process
    const [timedOut] = await stage.query<{ count: number }>(
      `select count(*)::int from attempts a join deliveries d on d.id = a.delivery_id where d.endpoint_id = $1 and a.outcome = 'timeout'`,
      [lane.id.slice('ep_'.length)],
    );
    expect(lane.requests()).toHaveLength(6 + (timedOut?.count ?? 0));
  }
  expect(second.log()).toMatch(/lane\.drained_here/);
  for (const endpoint of failing) endpoint.answer([204]);
  await Promise.all(failing.map(({ id }) => statusesAre(id, 2)));
  for (const endpoint of failing) expect(new Set(endpoint.accepted())).toEqual(new Set([0, 1]));
  for (const one of failing) expect(one.requests().filter(({ answered }) => answered?.status === 204)).toHaveLength(2);
});
