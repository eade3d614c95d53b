// A replay job whose pages fail: its failures are counted in its row, so that it ends after so many whichever process had them.
import { asyncLocalStorage, Context } from '@temporalio/activity';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createDriveReplay } from '#activities/drive-replay';
import { readReplay } from '#db/replays/replays';
import { uuidOf } from '#domain/ids';
import { testContents } from '../../support/contents.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { testTimings } from '../../support/quick-timings.ts';
import { jobWorld } from './job-world.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.query(`
    create function break_page() returns trigger language plpgsql as $$ begin raise exception 'the page is broken'; end $$;
    create trigger broken before insert on replay_rows execute function break_page()`);
});
afterAll(() => database?.drop());
beforeEach(() => repair(false));

const repair = (is: boolean) => database.db.query(`alter table replay_rows ${is ? 'disable' : 'enable'} trigger broken`);

/** A worker process, as far as this activity knows: nothing but the database is shared. */
function worker(signal = new AbortController().signal) {
  const drive = createDriveReplay({
    db: database.db,
    contents: testContents(database.db),
    lanes: { changed: async () => undefined, parked: async () => undefined } as never,
    timings: testTimings,
  });
  const context = Object.create(Context.prototype, {
    heartbeat: { value: () => undefined },
    info: { value: { isLocal: false, heartbeatTimeoutMs: 60_000 } },
    cancellationSignal: { value: signal },
  }) as Context;
  return (replayId: string) => asyncLocalStorage.run(context, () => drive({ replayId }));
}

async function jobOf(deliveries: number): Promise<string> {
  const world = jobWorld(database.db);
  const tenantId = await world.tenant();
  const endpointId = await world.endpoint(tenantId);
  for (let n = 0; n < deliveries; n++) await world.delivery(tenantId, endpointId);
  return world.job({ endpointId });
}

const faultsOf = async (replayId: string): Promise<number> =>
  (await database.db.query('select faults from replays where id = $1', [uuidOf(replayId)])).rows[0].faults;

it('fails after 20 failures in a row of all processes', async () => {
  const job = await jobOf(1);
  // each takes over from the one before, which has failed or was killed
  for (let n = 1; n < 20; n++) await expect(worker()(job)).rejects.toThrow('the page is broken');
  expect(await readReplay(database.db, job)).toMatchObject({ status: 'running' });
  expect(await worker()(job)).toMatchObject({ status: 'failed' });
  expect(await readReplay(database.db, job)).toMatchObject({ status: 'failed', error: 'the page is broken' });
  expect(await faultsOf(job)).toBe(0);
});

it('begins to count again when a page was handed over', async () => {
  const job = await jobOf(1);
  for (let n = 1; n < 20; n++) await expect(worker()(job)).rejects.toThrow('the page is broken');
  await repair(true);
  const stop = new AbortController();
  const driven = worker(stop.signal)(job);
  await expect.poll(() => faultsOf(job), { timeout: 30_000 }).toBe(0);
  stop.abort();
  expect(await driven).toMatchObject({ status: 'running', done: 1 });
});
