// An index that a migration made `on only` the parent is built on the partitions that were there before.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { indexPartitions } from '#chores/partition-indexes';
import { makePartitions } from '#db/store/partitions';
import { createLogger } from '#runtime/logger';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

it('builds what is missing, again after an interruption, and nothing twice', async () => {
  const { db } = database;
  await makePartitions(db);
  const log = createLogger('silent');
  const going = new AbortController().signal;
  expect(await indexPartitions({ db, log }, going)).toBe(0);
  const { rows } = await db.query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'deliveries'::regclass`,
  );
  await db.query('create index deliveries_late on only deliveries using brin (event_type text_bloom_ops (n_distinct_per_range = 10))');
  // as an interrupted run leaves it
  await db.query(`create index ${rows[0]?.name}_late on ${rows[0]?.name} (id)`);
  expect(await indexPartitions({ db, log }, AbortSignal.abort())).toBe(0);
  expect(await indexPartitions({ db, log }, going)).toBe(rows.length);
  expect(await indexPartitions({ db, log }, going)).toBe(0);
  const { rows: indexes } = await db.query(
    `select pg_get_indexdef(indexrelid) ~ 'brin .*n_distinct_per_range=''10''' as same, indisvalid as valid from pg_index
     where indexrelid = 'deliveries_late'::regclass or indexrelid in (select inhrelid from pg_inherits where inhparent = 'deliveries_late'::regclass)`,
  );
  expect(indexes).toEqual(Array.from({ length: rows.length + 1 }, () => ({ same: true, valid: true })));
});
