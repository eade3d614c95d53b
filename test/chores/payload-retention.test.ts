// Payloads are erased after their tenant's `payloadDays`, each once, and nothing else is.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eraseOldPayloads } from '#chores/payload-retention';
import { uuidOf } from '#domain/ids';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertOldEvent, type OldEvent } from '../support/old-days.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const told: string[] = [];
function run() {
  const lanes = { changed: async (endpointId: string) => void told.push(endpointId) };
  return eraseOldPayloads({ db: database.db, lanes, log: createLogger('silent'), keepDays: 90 }, new AbortController().signal);
}
const of = () => ({ tenantId: newId('tnt'), endpointId: newId('ep') });
const keepFor = (tenantId: string, days: number | null) =>
  database.db.query('update tenants set payload_days = $2 where id = $1', [uuidOf(tenantId), days]);

async function stored({ eventId, deliveryId }: OldEvent) {
  const { rows } = await database.db.query(
    `select length(e.body) > 0 as body, e.erased_at is not null as erased, e.erased_again_at is not null as final, d.status, a.exchange is not null as exchange
     from events e, deliveries d join attempts a on a.delivery_id = d.id where e.id = $1 and d.id = $2`,
    [uuidOf(eventId), uuidOf(deliveryId)],
  );
  return rows[0];
}
const whole = { body: true, erased: false, exchange: true };
const erased = { body: false, erased: true, exchange: false };

it('are erased with their requests and responses, of this tenant and this age only', async () => {
  const { db } = database;
  const [owner, other] = [of(), of()];
  const [old, older, recent, foreign] = await Promise.all([
    insertOldEvent(db, { ...owner, daysAgo: 7.01 }),
    insertOldEvent(db, { ...owner, daysAgo: 80 }),
    insertOldEvent(db, { ...owner, daysAgo: 6.99 }),
    insertOldEvent(db, { ...other, daysAgo: 80 }),
  ]);
  expect(await run()).toBe(0);
  await keepFor(owner.tenantId, 7);
  expect(await run()).toBe(2);
  expect(await run()).toBe(0);
  expect(await Promise.all([old, older, recent, foreign].map(stored))).toMatchObject([
    { ...erased, final: true, status: 'succeeded' },
    erased,
    whole,
    whole,
  ]);
  await keepFor(owner.tenantId, 6);
  expect(await run()).toBe(1);
  expect(await stored(recent)).toMatchObject(erased);
});

it('of more than a page are erased, also when a run is cut off between two pages', async () => {
  const { db } = database;
  const owner = of();
  const { eventId } = await insertOldEvent(db, { ...owner, daysAgo: 30 });
  await db.query(
    `insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, accepted_at, position)
     select (left(id::text, 24) || lpad(to_hex(n), 12, '0'))::uuid, tenant_id, 'n' || n, type, channels, body, '', accepted_at, nextval('event_position')
     from events, generate_series(1, 450) n where id = $1`,
    [uuidOf(eventId)],
  );
  await keepFor(owner.tenantId, 1);
  const stop = new AbortController();
  const lanes = { changed: async () => undefined };
  const cutOff = eraseOldPayloads({ db, lanes, log: createLogger('silent'), keepDays: 90 }, stop.signal);
  stop.abort();
  const before = await cutOff;
  expect(before + (await run())).toBe(451);
  expect((await db.query(`select from events where tenant_id = $1 and body <> ''`, [uuidOf(owner.tenantId)])).rowCount).toBe(0);
});

it('of scheduled events count from the time they were scheduled for', async () => {
  const { db } = database;
  const owner = of();
  const [past, ahead] = await Promise.all([
    insertOldEvent(db, { ...owner, daysAgo: 20, deliverAtDaysAgo: 8 }),
    insertOldEvent(db, { ...owner, daysAgo: 20, deliverAtDaysAgo: 6, status: 'pending' }),
  ]);
  await keepFor(owner.tenantId, 7);
  expect(await run()).toBe(1);
  expect(await Promise.all([past, ahead].map(stored))).toMatchObject([erased, { ...whole, status: 'pending' }]);
  await keepFor(owner.tenantId, 5);
  expect(await run()).toBe(1);
  expect(await stored(ahead)).toMatchObject({ ...erased, status: 'expired' });
  expect((await db.query('select from payloads_to_erase')).rowCount).toBe(0);
});

it('of unfinished deliveries are erased too: these expire, and lanes are told', async () => {
  const { db } = database;
  const owner = of();
  const events = await Promise.all(
    (['retrying', 'held', 'dead_lettered'] as const).map((status) =>
      insertOldEvent(db, { ...owner, daysAgo: 3, status, ownWorkflow: true }),
    ),
  );
  await keepFor(owner.tenantId, 2);
  told.length = 0;
  expect(await run()).toBe(3);
  // upkeep erases them again: an attempt may be in flight
  for (const event of events) expect(await stored(event)).toMatchObject({ ...erased, status: 'expired', final: false });
  expect(new Set(told)).toEqual(new Set([owner.endpointId]));
  const { rows } = await db.query('select distinct last_message as why from deliveries where endpoint_id = $1', [uuidOf(owner.endpointId)]);
  expect(rows).toEqual([{ why: "its payload was erased after 2 days, as the tenant's retention.payloadDays says" }]);
});
