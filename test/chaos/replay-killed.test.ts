// A replay job whose worker is killed twice: each delivery gets exactly one new attempt, and the pace is kept.
// With TEST_LONG=1 25,000 deliveries; the figures are printed.
import { expect, it } from 'vitest';
import { deliveryId, idOf, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { isLong } from '../support/long.ts';
import type { PosthornProcess } from '../support/posthorn-process.ts';
import { until } from '../support/until.ts';
import { makeTenant, openStage, type Stage } from './stage.ts';

const { rows, perSecond } = isLong
  ? { rows: 25_000, perSecond: Number(process.env.TEST_REPLAY_RATE ?? 250) }
  : { rows: 240, perSecond: 40 };

async function insertDeadLetters(stage: Stage, tenant: string): Promise<void> {
  const [endpoint] = await stage.query<{ id: string; tenant_id: string }>(
    'select p.id, p.tenant_id from endpoints p join tenants t on t.id = p.tenant_id where t.external_id = $1',
    [tenant],
  );
  if (!endpoint) throw new Error('no endpoint');
  const events = Array.from({ length: rows }, () => newId('evt'));
  await stage.query(
    `insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, accepted_at, position)
     select id, $2, id::text, 'order.created', '{}', '{}', '', now(), nextval('event_position') from unnest($1::uuid[]) as i (id)`,
    [events.map(uuidOf), endpoint.tenant_id],
  );
  await stage.query(
    `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts, pumped, own_workflow)
     select i.id, i.event_id, $3, $4, 'order.created', 'dead_lettered', 4, false, false from unnest($1::uuid[], $2::uuid[]) as i (id, event_id)`,
    [events.map((id) => uuidOf(deliveryId(id, idOf('ep', endpoint.id)))), events.map(uuidOf), endpoint.id, endpoint.tenant_id],
  );
}

/** The process whose worker runs the job now. */
async function driverOf(stage: Stage, replayId: string, workers: PosthornProcess[]): Promise<PosthornProcess> {
  return until('the worker of the job', async () => {
    const { raw } = await stage.temporal.workflow.getHandle(`replay/${replayId}`).describe();
    const drive = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'driveReplay');
    return workers.find(({ pid }) => drive?.lastWorkerIdentity?.startsWith(`${pid}@`));
  });
}

it('is done with exactly one new attempt for each delivery, at its pace', async ({ onTestFinished }) => {
  const stage = await openStage({ namespace: 't89', env: { POSTHORN_DISPATCH: 'adaptive' } });
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  const server = await stage.start({ role: 'server', awaited: 'listening' });
  const workers = await Promise.all([1, 2].map(() => stage.start({ role: 'worker' })));
  const tenant = await makeTenant(stage, server);
  await insertDeadLetters(stage, tenant);
  const { body: job } = await server.post('/v1/replays', { tenant, since: new Date(Date.now() - 3_600_000).toISOString(), perSecond });
  const progress = async () => (await server.get(`/v1/replays/${job.id}`)).body;
  for (const part of [1 / 4, 1 / 2]) {
    await until('a part', async () => (await progress()).done > rows * part, 600_000);
    const killed = await driverOf(stage, job.id, workers);
    await killed.kill();
    workers.splice(workers.indexOf(killed), 1, await stage.start({ role: 'worker' }));
  }
  const done = await until(
    'the end',
    async () => {
      const now = await progress();
      return now.status === 'done' && now;
    },
    600_000,
  );
  expect(done).toMatchObject({ matched: rows, done: rows, succeeded: rows, failed: 0, skipped: 0, waiting: 0 });
  const attempts = await stage.query<{ made: number; deliveries: number }>(
    `select made, count(*)::int as deliveries from (
       select d.id, count(a.id)::int as made from deliveries d left join attempts a on a.delivery_id = d.id where d.round = 2 group by d.id
     ) d group by made`,
  );
  expect(attempts).toEqual([{ made: 1, deliveries: rows }]);
  expectPace(
    stage.receiver.requests.map(({ came }) => came),
    stage.receiver.requests,
  );
});

/** Requests that a SIGKILL left unrecorded repeat. */
function expectPace(times: number[], requests: Stage['receiver']['requests']): void {
  const seen = new Map<string, number>();
  for (const { headers, came } of requests) if (!seen.has(headers['webhook-id'] ?? '')) seen.set(headers['webhook-id'] ?? '', came);
  const first = [...seen.values()].toSorted((a, b) => a - b);
  const seconds = ((first.at(-1) ?? 0) - (first[0] ?? 0)) / 1_000;
  const rate = (rows - 1) / seconds;
  expect(seen.size).toBe(rows);
  expect(times.length - rows).toBeLessThanOrEqual(2 * 64);
  // a short run ends before it has made up for the time that two crashes have cost
  expect(rate).toBeLessThan(perSecond * 1.1);
  if (!isLong) return;
  const tenSeconds = first.map((from, n) => first.slice(n).findIndex((at) => at >= from + 10_000)).filter((count) => count > 0);
  process.stdout.write(
    `${rows} in ${seconds.toFixed(1)} s: ${rate.toFixed(1)} a second of ${perSecond}; most in 10 s ${Math.max(...tenSeconds)}, least ${Math.min(...tenSeconds)}; repeated ${times.length - rows}\n`,
  );
  expect(rate).toBeGreaterThan(perSecond * 0.9);
}
