// Success rate, latency and volume outside of what is usual, from the statistics in the database.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createBandChecks } from '#alerts/band-checks';
import { reconcile } from '#db/alerts/reconcile';
import { warmUpWindows } from '#domain/alerts/bands';
import { uuidOf } from '#domain/ids';
import { bucketOf } from '#domain/stats/latency';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
const tenantId = uuidOf(newId('tnt'));
const [usual, slow] = [uuidOf(newId('ep')), uuidOf(newId('ep'))];
const platform = '00000000-0000-0000-0000-000000000000';
const windowMs = 300_000;
let at = Math.floor(Date.now() / windowMs) * windowMs - 100 * windowMs;
let check: ReturnType<typeof createBandChecks>;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.query(`insert into tenants (id, external_id, name) values ($1, 'acme', 'Acme')`, [tenantId]);
  for (const id of [usual, slow])
    await database.db.query(`insert into endpoints (id, tenant_id, sealed, host, timeout_ms) values ($1, $2, '', 'hooks.test', 5000)`, [
      id,
      tenantId,
    ]);
  check = createBandChecks(database.db, 0, () => at);
});
afterAll(() => database?.drop());

interface Figures {
  accepted: number;
  failed?: number;
  ms?: number;
  events?: number;
}

/** The statistics of a window of five minutes, in one of its minutes; then the check of it. */
async function window(id: string, { accepted, failed = 0, ms = 50, events = accepted }: Figures): Promise<void> {
  const minute = new Date(at);
  at += windowMs;
  const insert = (uuid: string, scope: string, values: unknown[]) =>
    database.db.query(
      `insert into stats_minutes (id, at, scope, tenant_id, accepted, delivered, failed, latency, events) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [uuid, minute, scope, ...values],
    );
  const latency = JSON.stringify(accepted > 0 ? { [bucketOf(ms)]: accepted } : {});
  await insert(id, 'endpoint', [tenantId, accepted, accepted - failed, failed, latency, 0]);
  await insert(platform, 'platform', [null, accepted, accepted - failed, failed, latency, events]);
  await database.db.query(
    `insert into stats_progress (final_until) values ($1) on conflict (one) do update set final_until = excluded.final_until`,
    [new Date(at)],
  );
  const found = await check();
  await reconcile(database.db, found.conditions, found.checked);
}

const open = async () =>
  (await database.db.query(`select kind from alerts where state = 'open' order by kind`)).rows.map(({ kind }: { kind: string }) => kind);

it('nothing is told while it learns; then each figure alone opens its alert, which closes when it is usual again', async () => {
  await window(usual, { accepted: 200, failed: 200, ms: 4_000 });
  expect(await open()).toEqual(['endpoint.slow']);
  for (let windows = 0; windows < warmUpWindows + 40; windows++) await window(usual, { accepted: 200, failed: windows % 3 });
  expect(await open()).toEqual([]);

  await window(usual, { accepted: 200, failed: 120 });
  expect(await open()).toEqual(['endpoint.success_rate']);
  await window(usual, { accepted: 200, failed: 120 });
  expect((await database.db.query(`select from alerts where kind = 'endpoint.success_rate'`)).rowCount).toBe(1);
  await window(usual, { accepted: 200 });
  expect(await open()).toEqual([]);

  await window(usual, { accepted: 200, ms: 2_000 });
  expect(await open()).toEqual(['endpoint.latency']);
  await window(usual, { accepted: 0, events: 200 });
  expect(await open()).toEqual(['endpoint.volume']);
  await window(usual, { accepted: 200, events: 20_000 });
  expect(await open()).toEqual(['ingest.abnormal']);
  await database.db.query(`update endpoints set gate = 'held' where id = $1`, [usual]);
  await window(usual, { accepted: 0, events: 200 });
  expect(await open()).toEqual([]);
});

it('an endpoint with few attempts has no success rate, and one that needs half of its timeout is slow', async () => {
  await window(slow, { accepted: 19, failed: 19, ms: 4_900, events: 200 });
  expect(await open()).toEqual([]);
  await window(slow, { accepted: 20, ms: 2_600, events: 200 });
  expect(await open()).toEqual(['endpoint.slow']);
  await window(slow, { accepted: 20, ms: 2_000, events: 200 });
  expect(await open()).toEqual([]);
});
