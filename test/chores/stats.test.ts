// The chores of the statistics: a worker counts what is stored, and what waits, without being asked.
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { startChores } from '#chores/chores';
import { statsChores } from '#chores/stats';
import { readBacklog, readHeld, readHours, readMinutes } from '#db/stats/read-stats';
import { uuidOf } from '#domain/ids';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

it('count what was attempted, hours ago and now, and what waits', async () => {
  const { db } = database;
  const [tenant, endpoint] = [newId('tnt'), newId('ep')];
  await db.query(`insert into tenants (id, external_id, name) values ($1, 'a', 'a')`, [uuidOf(tenant)]);
  await db.query(`insert into endpoints (id, tenant_id, sealed, host) values ($1, $2, '', 'a')`, [uuidOf(endpoint), uuidOf(tenant)]);
  for (const [status, hours] of [
    ['succeeded', 5],
    ['succeeded', 0],
    ['held', 0],
    ['dead_lettered', 0],
  ] as const) {
    const id = uuidOf(newId('dlv'));
    await db.query(
      `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, created_at)
       values ($1, $1, $2, $3, 'a.b', $4, now() - $5 * interval '1 hour')`,
      [id, uuidOf(endpoint), uuidOf(tenant), status, hours],
    );
    await db.query(
      `insert into attempts (delivery_id, id, round, number, started_at, outcome, message, total_ms)
       values ($1, $1, 1, 1, now() - $2 * interval '1 hour', $3, '', 7)`,
      [id, hours, status === 'succeeded' ? 'accepted' : 'timeout'],
    );
  }
  const chores = startChores({ db, reads: db, chores: statsChores(db, 20, 90), log: createLogger('silent') });
  onTestFinished(() => chores.stop());
  const since = new Date(Date.now() - 24 * 3_600_000);
  for (const whose of [endpoint, tenant, null]) {
    await until('the counts', async () => {
      const read = await Promise.all([readMinutes(db, whose, since), readHours(db, whose, since)]);
      return read.every((counted) => counted.reduce((sum, { delivered, failed }) => sum + 100 * delivered + failed, 0) === 202);
    });
    await until('the backlog', async () => (await readBacklog(db, whose)).held === 1);
    const { deadLettered, oldestAt } = await readBacklog(db, whose);
    expect(deadLettered).toBe(1);
    expect(Math.abs((oldestAt?.getTime() ?? 0) - Date.now())).toBeLessThan(600_000);
  }
  for (const whose of [tenant, null]) expect((await readHeld(db, whose, since)).map(({ held }) => held)).toEqual([1]);
  await db.query(`update deliveries set status = 'cancelled' where status = 'held'`);
  await until('nothing held', async () => {
    const [of, all] = await Promise.all([readHeld(db, tenant, since), readHeld(db, null, since)]);
    return of.at(-1)?.held === 0 && all.at(-1)?.held === 0;
  });
  expect((await db.query('select name from chores where error is not null')).rows).toEqual([]);
});
