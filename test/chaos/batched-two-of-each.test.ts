// Batched mode with several processes on one database: each event is handled by one of them, also
// when some are killed and when all start at once.
import { expect, it, onTestFinished } from 'vitest';
import type { PosthornProcess } from '../support/posthorn-process.ts';
import { patientLeases } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { attemptsBy, dispatchers, expectAllDelivered, openBatchedStage, recordedBy } from './batched-stage.ts';
import { makeTenant, names, type Stage } from './stage.ts';

const cap = 32;
const waiting = 600;

const startMany = (stage: Stage, role: 'server' | 'worker', count: number) =>
  Promise.all(Array.from({ length: count }, () => stage.start({ role })));

/** Waits until the workers may take rows: after unbroken renewals for so long. */
const untilSteady = (stage: Stage, workers: number) =>
  until('the workers may take rows', async () => {
    // a worker that was delayed has a new lease by now, and the row of its old one may still exist
    const [row] = await stage.query<{ count: number }>(
      `select count(distinct process) from relays
       where started_at < now() - $1 * interval '1 millisecond' and seen > now() - interval '3 seconds'`,
      [patientLeases.relay.steadyAfterMs],
    );
    return row?.count === workers;
  });

/** Blocks the taking of rows until `begin`. Then all waiting processes take rows at the same moment. */
async function holdUpTaking(stage: Stage): Promise<{ waiting(): Promise<number>; begin(): Promise<void> }> {
  const client = await stage.db.connect();
  let holds = true;
  // a test that fails before `begin` leaves no lock behind: the connection ends with it
  onTestFinished(() => {
    if (holds) client.release(true);
  });
  await client.query('begin');
  // processes may take longer to start than PostgreSQL's timeout for idle transactions
  await client.query('set local idle_in_transaction_session_timeout = 0');
  await client.query('lock table outbox in share mode');
  return {
    async waiting() {
      const [row] = await stage.query<{ count: number }>(
        `select count(*) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock' and query like '%with recursive waiting as%update outbox set owner%'`,
      );
      return row?.count ?? 0;
    },
    async begin() {
      await client.query('commit');
      client.release();
      holds = false;
    },
  };
}

/** On a machine that starves a process for seconds its relay is fenced, and another one repeats the requests in flight. */
function maxRepeats(workers: PosthornProcess[]): number {
  return workers.reduce((sum, worker) => sum + cap * worker.log().split('relay.fenced').length - cap, 0);
}

/** One attempt for each event, as long as no relay was fenced. */
function expectAttempts(workers: PosthornProcess[], events: number): void {
  const attempts = workers.reduce((sum, worker) => sum + attemptsBy(worker), 0);
  expect(attempts).toBeGreaterThanOrEqual(events);
  expect(attempts).toBeLessThanOrEqual(events + maxRepeats(workers));
}

it('in batched mode, each event of a full outbox, and of a burst in which a server and a worker are killed, is handled by one process', async ({
  onTestFinished,
}) => {
  const stage = await openBatchedStage({ namespace: 't39', timings: patientLeases });
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  const servers = (await startMany(stage, 'server', 2)) as [PosthornProcess, PosthornProcess];
  const [server, doomedServer] = servers;
  const tenant = await makeTenant(stage, server);

  // three workers that start at once on a full outbox
  const accepted = await stage.send(server, tenant, names('waiting', waiting));
  expect(accepted).toHaveLength(waiting);
  expect(await stage.query('select count(*) from outbox where owner is null')).toEqual([{ count: waiting }]);
  const race = await holdUpTaking(stage);
  const workers = await startMany(stage, 'worker', 3);
  await until('all three are about to take rows', async () => (await race.waiting()) === 3);
  await race.begin();
  await stage.settled();
  expect((await expectAllDelivered(stage, accepted)).length).toBeLessThanOrEqual(maxRepeats(workers));
  expectAttempts(workers, waiting);

  // they share what two servers accept
  await untilSteady(stage, 3);
  const before = workers.map(attemptsBy);
  const wave = async (name: string, count: number) => {
    const sent = servers.map((to, index) => stage.send(to, tenant, names(`${name}-${index}`, count)));
    accepted.push(...(await Promise.all(sent)).flat());
  };
  const shared = () => workers.map((one, index) => attemptsBy(one) > (before[index] ?? 0));
  for (let n = 1; n <= 20 && (n <= 2 || shared().includes(false)); n++) await wave(`wave${n}`, 60);
  await stage.settled();
  expect(shared()).toEqual([true, true, true]);
  expectAttempts(workers, accepted.length);
  expect(await dispatchers(stage)).toEqual(new Set(workers.map(({ pid }) => pid)));
  expect((await expectAllDelivered(stage, accepted)).length).toBeLessThanOrEqual(maxRepeats(workers));

  // a server and a worker are killed in a burst
  const arrived = stage.receiver.requests.length;
  const burst = wave('killed', 200);
  await until('the burst is on its way', () => stage.receiver.requests.length > arrived + 50);
  await Promise.all([doomedServer.kill(), workers.at(-1)?.kill()]);
  const recorded = await recordedBy(stage);
  await burst;
  accepted.push(...(await stage.send(server, tenant, names('after', 20))));
  await stage.settled();
  const repeated = await expectAllDelivered(stage, accepted);
  expect(repeated.filter((key) => recorded.has(key))).toEqual([]);
  expect(repeated.length).toBeLessThanOrEqual(cap + maxRepeats(workers));
});
