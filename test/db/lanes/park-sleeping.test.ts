// A lane takes over the deliveries in backoff once, when a drain begins, so it must leave none behind.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parkSleeping } from '#db/lanes/parking';
import { deliveryId, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { insertForeground } from '../../support/parking.ts';
import { until } from '../../support/until.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

it('parks a delivery that a command has locked, when the command has ended', async () => {
  const { db } = database;
  const [tenantId, endpointId, eventId] = [newId('tnt'), newId('ep'), newId('evt')];
  await insertForeground(db, { tenantId, endpointId, eventId });
  const id = deliveryId(eventId, endpointId);
  await db.query(
    `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts, next_attempt_at)
     values ($1, $2, $3, $4, 'a.b', 'retrying', 1, now() + interval '1 hour')`,
    [id, eventId, endpointId, tenantId].map(uuidOf),
  );
  const client = await db.connect();
  await client.query('begin');
  await client.query('select from deliveries where id = $1 for update', [uuidOf(id)]);
  const parking = parkSleeping(db, endpointId, 10);
  await until('it to wait for the row', async () => {
    const { rows } = await db.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%with sleeping as%'`,
    );
    return rows.length === 1;
  });
  await client.query('commit');
  client.release();
  expect((await parking).map(({ deliveryId: parked, status }) => [parked, status])).toEqual([[id, 'held']]);
});
