// Reading the figures of endpoints minute by minute.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readEndpointMinutes } from '#db/stats/endpoint-minutes';
import { deleteOldStats } from '#db/stats/old-stats';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

it('reads the minutes of endpoints within the time, and which are final', async () => {
  const [endpointId, tenantId] = [newId('ep'), newId('tnt')];
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 12, minute));
  await database.db.query(
    `insert into stats_minutes (id, at, scope, tenant_id, accepted, delivered, failed, latency, outcomes, status_codes)
     select v.id, v.at, v.scope, $2, 3, 2, 1, '{"17": 3}', '{"accepted": 2, "timeout": 1}', '{"200": 2}'
     from (values ($1::uuid, $3::timestamptz, 'endpoint'), ($1, $4, 'endpoint'), ($1, $5, 'endpoint'), ($2, $3, 'tenant')) as v (id, at, scope)`,
    [uuidOf(endpointId), uuidOf(tenantId), at(1), at(2), at(3)],
  );
  const read = () => readEndpointMinutes(database.db, { since: at(1), until: at(3) });
  const counted = { endpointId, tenantId, accepted: 3, delivered: 2, failed: 1, latency: { 17: 3 } };
  const row = { ...counted, outcomes: { accepted: 2, timeout: 1 }, statusCodes: { 200: 2 } };
  expect(await read()).toEqual([
    { ...row, at: at(1), final: false },
    { ...row, at: at(2), final: false },
  ]);
  await database.db.query('insert into stats_progress (final_until) values ($1)', [at(2)]);
  expect((await read()).map(({ final }) => final)).toEqual([true, false]);
});

it('numbers of held deliveries are deleted after 8 days, except the one that still holds', async () => {
  const [changing, still] = [newId('tnt'), newId('tnt')];
  for (const [tenant, days] of [
    [changing, [1, 7, 9, 10]],
    [still, [100]],
  ] as const)
    await database.db.query(
      `insert into stats_held (id, at, tenant_id, held) select $1, now() - d * interval '1 day', $1, d from unnest($2::int[]) d`,
      [uuidOf(tenant), days],
    );
  expect(await deleteOldStats(database.db, 60)).toBe(false);
  const left = async (tenant: string) =>
    (await database.db.query('select held from stats_held where id = $1 order by at', [uuidOf(tenant)])).rows.map(({ held }) => held);
  expect(await left(changing)).toEqual([9, 7, 1]);
  expect(await left(still)).toEqual([100]);
});

it('are deleted after 8 days, and hours after as many days as are given', async () => {
  await database.db.query('truncate stats_minutes, stats_hours');
  for (const [table, days] of [
    ['stats_minutes', [1, 7, 9, 100]],
    ['stats_hours', [1, 9, 59, 61]],
  ] as const)
    await database.db.query(
      `insert into ${table} (id, at, scope) select gen_random_uuid(), now() - d * interval '1 day', 'platform' from unnest($1::int[]) d`,
      [days],
    );
  expect(await deleteOldStats(database.db, 60)).toBe(false);
  const left = async (table: string) =>
    (await database.db.query(`select round(extract(epoch from now() - at) / 86400)::int as days from ${table} order by 1`)).rows.map(
      ({ days }) => days,
    );
  expect(await left('stats_minutes')).toEqual([1, 7]);
  expect(await left('stats_hours')).toEqual([1, 9, 59]);
});
