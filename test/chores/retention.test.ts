// Days past the retention time are dropped, whatever happened to the run before; writes go on meanwhile.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dropOldDays, type RetentionDeps } from '#chores/retention';
import { oldPartitions } from '#db/store/old-partitions';
import { createPool } from '#db/store/pool';
import { uuidOf } from '#domain/ids';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertOldEvent, makeOldDay, tablesOfDay } from '../support/old-days.ts';
import { until } from '../support/until.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const never = new AbortController().signal;
const told: string[] = [];
const deps = (): RetentionDeps => ({
  db: database.db,
  lanes: { changed: async (endpointId) => void told.push(endpointId) },
  log: createLogger('silent'),
  keepDays: 90,
  deadLetterWindowMs: 14 * 86_400_000,
});
const run = () => dropOldDays(deps(), never);
const of = () => ({ tenantId: newId('tnt'), endpointId: newId('ep') });
const count = async (from: string, ...values: unknown[]) => (await database.db.query(`select from ${from}`, values)).rowCount;

it('drops a day once all of it is older than the retention time, with its event ids and nothing else', async () => {
  const { db } = database;
  const owner = of();
  const [gone, kept] = await Promise.all([91, 90].map((daysAgo) => insertOldEvent(db, { ...owner, daysAgo })));
  if (!gone || !kept) throw new Error('two events');
  // an id of that day that the producer has used again since
  const again = await insertOldEvent(db, { ...owner, daysAgo: 91 });
  await db.query('update event_ids set event_id = $2 where event_id = $1', [uuidOf(again.eventId), uuidOf(newId('evt'))]);
  await db.query('insert into outbox (event_id, tenant_id) values ($1, $3), ($2, $3)', [
    uuidOf(gone.eventId),
    uuidOf(kept.eventId),
    uuidOf(owner.tenantId),
  ]);
  expect(await run()).toEqual([gone.day]);
  expect(await tablesOfDay(db, gone.day)).toEqual([]);
  expect(await tablesOfDay(db, kept.day)).toHaveLength(3);
  expect(await count('event_ids where tenant_id = $1', uuidOf(owner.tenantId))).toBe(2);
  expect(await count('outbox where tenant_id = $1', uuidOf(owner.tenantId))).toBe(1);
  expect(await run()).toEqual([]);
});

it('begins no further step when its process stops', async () => {
  const stop = new AbortController();
  const { day } = await insertOldEvent(database.db, { ...of(), daysAgo: 92 });
  const reached: RetentionDeps['reached'] = async (name) => void (name === 'day expired' && stop.abort());
  expect(await dropOldDays({ ...deps(), reached }, stop.signal)).toEqual([]);
  expect(await tablesOfDay(database.db, day)).toHaveLength(3);
  expect(await run()).toEqual([day]);
});

it('expires what is unfinished, and waits until its workflow and lane know of it', async () => {
  const { db } = database;
  const owners = [of(), of(), of(), of()] as const;
  const day = await makeOldDay(db, 91);
  const statuses = ['retrying', 'held', 'dead_lettered', 'succeeded'] as const;
  const events = await Promise.all(
    statuses.map((status, index) => insertOldEvent(db, { ...(owners[index] ?? of()), daysAgo: 91, status, ownWorkflow: true })),
  );
  const rows = async () =>
    Promise.all(
      events.map(async ({ deliveryId }) => {
        const { rows } = await db.query('select status, unsignalled_since from deliveries where id = $1', [uuidOf(deliveryId)]);
        return rows[0] && [rows[0].status, rows[0].unsignalled_since !== null];
      }),
    );
  told.length = 0;
  expect(await run()).toEqual([]);
  // the dead letter and the held one were last changed long ago: no workflow of theirs is open
  expect(await rows()).toEqual([
    ['expired', true],
    ['expired', false],
    ['expired', false],
    ['succeeded', false],
  ]);
  expect(told.toSorted()).toEqual([owners[1].endpointId, owners[2].endpointId].toSorted());
  expect(await run()).toEqual([]);
  await db.query('update deliveries set unsignalled_since = null');
  expect(await run()).toEqual([day]);
});

it('keeps a day for one day more while Temporal is away, and no longer', async () => {
  const { db } = database;
  const late = await insertOldEvent(db, { ...of(), daysAgo: 92, status: 'retrying', ownWorkflow: true });
  const waiting = await insertOldEvent(db, { ...of(), daysAgo: 91, status: 'retrying', ownWorkflow: true });
  expect(await run()).toEqual([late.day]);
  expect(await tablesOfDay(db, waiting.day)).toHaveLength(3);
  await db.query('update deliveries set unsignalled_since = null');
  expect(await run()).toEqual([waiting.day]);
});

it('finishes what an interrupted detachment has left, while others write', async () => {
  const { db, url } = database;
  const { day } = await insertOldEvent(db, { ...of(), daysAgo: 91 });
  const reader = createPool({ url, max: 1, onError: () => undefined });
  const open = await reader.connect();
  // a backup that began before
  await open.query('begin isolation level repeatable read');
  await open.query('select from events');
  const running = run().catch(() => 'interrupted');
  const detaching = () => oldPartitions(db, 90).then((old) => old.filter(({ state }) => state === 'detaching'));
  await until('the detachment to wait', async () => (await detaching()).length > 0);
  // it waits for the reader, and nobody waits for it
  const today = await insertOldEvent(db, { ...of(), daysAgo: 0 });
  expect(await count('deliveries where id = $1', uuidOf(today.deliveryId))).toBe(1);
  expect(await count('events where id < $1', `${uuidOf(today.eventId).slice(0, 12)}${'0'.repeat(20)}`)).toBe(1);
  await db.query(
    `select pg_cancel_backend(pid) from pg_stat_activity where datname = current_database() and query like 'alter table events detach%'`,
  );
  expect(await running).toBe('interrupted');
  expect(await detaching()).toMatchObject([{ parent: 'events', day }]);
  await open.query('rollback');
  open.release();
  await reader.end();
  expect(await run()).toEqual([day]);
  expect(await tablesOfDay(db, day)).toEqual([]);
});

it('is done once when two processes run it', async () => {
  const { db } = database;
  const days = await Promise.all([93, 92, 91].map(async (daysAgo) => (await insertOldEvent(db, { ...of(), daysAgo })).day));
  const done = await Promise.all([run(), run(), run()]);
  expect(done.flat().toSorted()).toEqual(days.toSorted());
  expect((await Promise.all(days.map((day) => tablesOfDay(db, day)))).flat()).toEqual([]);
});

it('forgets endpoints that were deleted so long ago, with all that belongs to them', async () => {
  const { db } = database;
  const [old, late] = [of(), of()];
  for (const [owner, deletedDaysAgo] of [[old, 93] as const, [late, 91] as const]) {
    await insertOldEvent(db, { ...owner, daysAgo: 91 });
    const endpoint = uuidOf(owner.endpointId);
    await db.query(`update endpoints set deleted_at = now() - $2 * interval '1 day' where id = $1`, [endpoint, deletedDaysAgo]);
    await db.query(`insert into endpoint_secrets (id, endpoint_id, sealed) values ($1, $2, '')`, [uuidOf(newId('sec')), endpoint]);
    await db.query(`insert into past_targets (endpoint_id, target_version, sealed) values ($1, 1, '')`, [endpoint]);
    await db.query(`insert into lane_sequences (endpoint_id, key, last) values ($1, '', 1)`, [endpoint]);
    await db.query(`insert into shapes (id, endpoint_id, sealed, is_whole) values (gen_random_uuid(), $1, '', true)`, [endpoint]);
    const tenant = uuidOf(owner.tenantId);
    await db.query(`insert into conformance_runs (endpoint_id, tenant_id, started_at) values ($1, $2, now())`, [endpoint, tenant]);
    await db.query(`insert into sandboxes (id, tenant_id, endpoint_id, name, script) values (gen_random_uuid(), $2, $1, '', '')`, [
      endpoint,
      tenant,
    ]);
  }
  expect(await run()).toHaveLength(1);
  for (const table of [
    'endpoints where id',
    'endpoint_secrets where endpoint_id',
    'past_targets where endpoint_id',
    'lane_sequences where endpoint_id',
    'shapes where endpoint_id',
    'conformance_runs where endpoint_id',
    'sandboxes where endpoint_id',
  ]) {
    expect([table, await count(`${table} = $1`, uuidOf(old.endpointId))]).toEqual([table, 0]);
    expect([table, await count(`${table} = $1`, uuidOf(late.endpointId))]).toEqual([table, 1]);
  }
});
