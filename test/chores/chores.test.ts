// Periodic work: one process runs it at a time, again after its period, after a failure, and after the end of a process.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type Chore, startChores } from '#chores/chores';
import type { Db } from '#db/store/pool';
import { untilAborted } from '#runtime/aborted';
import { createLogger } from '#runtime/logger';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

let names = 0;
const chore = (run: Chore['run'], more: Partial<Chore> = {}): Chore => ({
  name: `chore ${++names}`,
  everyMs: 20,
  claimMs: 60_000,
  run,
  ...more,
});

const startWith = (db: Db, chores: Chore[], reads = db, giveBackAfterMs?: number) =>
  startChores({ db, reads, chores, log: createLogger('silent'), ...(giveBackAfterMs !== undefined && { giveBackAfterMs }) });

/** A process that has these chores. */
function start(...chores: Chore[]) {
  const started = startWith(database.db, chores);
  onTestFinished(() => started.stop());
  return started;
}

const rowOf = async ({ name }: Chore) =>
  (await database.db.query('select due_at, done_at, error, claimed_by from chores where name = $1', [name])).rows[0];

it('runs again and again, in one of two processes at a time', async () => {
  let [runs, running, most] = [0, 0, 0];
  const shared = chore(async () => {
    most = Math.max(most, ++running);
    await delay(5);
    running--;
    runs++;
  });
  start(shared);
  start(shared);
  await until('ten runs', () => runs >= 10);
  expect(most).toBe(1);
  expect(await rowOf(shared)).toMatchObject({ error: null, done_at: expect.any(Date) });
});

it('is not due before its period has passed', async () => {
  let runs = 0;
  const rare = chore(async () => void runs++, { everyMs: 3_600_000 });
  start(rare);
  await until('the first run', async () => (await rowOf(rare))?.done_at);
  start(rare);
  const frequent = chore(async () => void runs++);
  start(frequent);
  await until('other chores to run', () => runs >= 5);
  expect((await rowOf(rare)).due_at.getTime()).toBeGreaterThan(Date.now() + 3_500_000);
});

it('keeps the error of a run that failed, and runs again', async () => {
  let runs = 0;
  const failing = chore(async (signal) => {
    if (++runs < 3) throw new Error('the store is full');
    await untilAborted(signal);
  });
  start(failing);
  await until('the third run', () => runs === 3);
  expect(await rowOf(failing)).toMatchObject({ error: 'Error: the store is full', done_at: null });
});

it('goes on in another process when its process stops, or when its claim ends', async () => {
  const signals: AbortSignal[] = [];
  const long = chore(
    async (signal) => {
      signals.push(signal);
      await untilAborted(signal);
    },
    { everyMs: 3_600_000 },
  );
  const stopped = start(long);
  await until('the run', () => signals.length > 0);
  await stopped.stop();
  expect(signals.map((signal) => signal.aborted)).toEqual([true]);
  expect(await rowOf(long)).toMatchObject({ claimed_by: null, error: null, done_at: null });
  let runs = 0;
  start({ ...long, run: async () => void runs++ });
  await until('the run of another process', () => runs === 1);

  // it does not end before the test does
  const dead = chore((signal) => untilAborted(signal), { claimMs: 300 });
  start(dead);
  await until('the claim', () => rowOf(dead));
  start({ ...dead, run: async () => void runs++ });
  await until('the run after the claim', () => runs >= 2);
});

it('gives back what does not end when its process stops, and does not touch the run of another process', async () => {
  const statement = Promise.withResolvers<void>();
  const deaf = chore(() => statement.promise, { everyMs: 3_600_000 });
  const stopped = startWith(database.db, [deaf], database.db, 20);
  await until('the claim', () => rowOf(deaf));
  const stop = stopped.stop();
  await until('the claim to be given back', async () => (await rowOf(deaf)).claimed_by === null);
  let runs = 0;
  const run = async (signal: AbortSignal) => {
    runs++;
    await untilAborted(signal);
  };
  start({ ...deaf, run });
  await until('the run of another process', () => runs === 1);
  statement.resolve();
  await stop;
  expect(await rowOf(deaf)).toMatchObject({ claimed_by: expect.any(String) });
});

it('gives back what it has claimed and not begun when its process stops', async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const connect = async () => {
    asked.resolve();
    await answer.promise;
    return database.db.connect();
  };
  let runs = 0;
  const claimed = chore(async () => void runs++, { everyMs: 3_600_000 });
  const started = startWith(database.db, [claimed], { query: database.db.query, connect } as unknown as Db);
  await asked.promise;
  expect(await rowOf(claimed)).toMatchObject({ claimed_by: expect.any(String) });
  const stopped = started.stop();
  answer.resolve();
  await stopped;
  expect([runs, await rowOf(claimed)]).toMatchObject([0, { claimed_by: null, error: null, done_at: null }]);
  start(claimed);
  await until('the run of another process', () => runs === 1);
});

it('runs what it has claimed without learning of it', async () => {
  let runs = 0;
  let lost = false;
  const claimed = chore(async () => void runs++);
  const query = async (...args: unknown[]) => {
    const answer = await (database.db.query as (...all: unknown[]) => Promise<unknown>)(...args);
    if (lost || (args[0] as { name?: string }).name !== 'claim_chores') return answer;
    lost = true;
    throw new Error('Connection terminated unexpectedly');
  };
  const db = { query, connect: database.db.connect.bind(database.db) } as unknown as typeof database.db;
  const started = startWith(db, [claimed]);
  onTestFinished(() => started.stop());
  await until('the run', () => runs > 0);
  expect(lost).toBe(true);
});
