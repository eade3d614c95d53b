// The lease of a first attempt ends with an attempt that was not made, also when PostgreSQL is away at that moment.
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { readDeliveryJob } from '#db/deliveries/deliveries';
import { endFirstAttemptLease, type FirstAttemptLease, leaseFirstAttempt } from '#db/deliveries/first-attempt-lease';
import { createPool } from '#db/store/pool';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { type PostgresProxy, startPostgresProxy } from '../../support/postgres-proxy.ts';
import { until } from '../../support/until.ts';
import { OwnedDelivery } from './owned-delivery.ts';

let database: TestDatabase;
let proxy: PostgresProxy;
/** Through the proxy. */
let db: pg.Pool;
let delivery: OwnedDelivery;
beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startPostgresProxy(database.url);
  db = createPool({ url: proxy.url, max: 2, onError: () => undefined });
});
afterAll(async () => {
  await db?.end();
  await proxy?.close();
  await database?.drop();
});
beforeEach(async () => {
  delivery = new OwnedDelivery(database.db);
  await delivery.insert('not_made', true);
});

const longMs = 60_000;

async function lease(marginMs = longMs): Promise<FirstAttemptLease> {
  const made = await leaseFirstAttempt(db, delivery.id, marginMs);
  if (!made) throw new Error('not leased');
  return made;
}

const waitMs = async () => (await readDeliveryJob(database.db, delivery.id))?.waitMs ?? Number.NaN;

it('keeps the delivery from being due until it is ended', async () => {
  const made = await lease();
  expect(made.until.getTime()).toBeGreaterThan(Date.now() + longMs / 2);
  expect(await waitMs()).toBeGreaterThan(4_000);
  await endFirstAttemptLease(db, made);
  expect(await waitMs()).toBeLessThanOrEqual(0);
});

it.each(['before it ran', 'after it ran'] as const)('is ended although the connection is lost, %s', async (moment) => {
  const made = await lease();
  const cut = proxy.cut(/set leased_until = null/, moment, [1, 2]);
  await endFirstAttemptLease(db, made);
  await until('its end', async () => cut.times() === 2 && (await waitMs()) <= 0);
});

it('of another attempt stays', async () => {
  const first = await lease();
  const second = await lease(2 * longMs);
  await endFirstAttemptLease(db, first);
  expect(await waitMs()).toBeGreaterThan(4_000);
  await endFirstAttemptLease(db, second);
  expect(await waitMs()).toBeLessThanOrEqual(0);
});
