// A lane takes over the deliveries in backoff once, when a drain begins, so it must leave none behind.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { registerRelay } from '#db/events/relays';
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
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%order by id limit $2 for update%'`,
    );
    return rows.length === 1;
  });
  await client.query('commit');
  client.release();
  expect((await parking).map(({ deliveryId: parked, status }) => [parked, status])).toEqual([[id, 'held']]);
});

it('parks a delivery without a workflow unless a relay attempts it now, whenever it is due', async () => {
  const { db } = database;
  const [tenantId, endpointId] = [newId('tnt'), newId('ep')];
  const [alive, dead] = [newId('rly'), newId('rly')];
  await registerRelay(db, alive, 'a test');
  const insert = async (columns: { pumped: boolean; leased_by?: string; due?: string; attempts?: number }) => {
    const eventId = newId('evt');
    await insertForeground(db, { tenantId, endpointId, eventId });
    const { pumped, leased_by = null, due = '-1 minute', attempts = 1 } = columns;
    const id = deliveryId(eventId, endpointId);
    await db.query(
      `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts, next_attempt_at, pumped, leased_by)
       values ($1, $2, $3, $4, 'a.b', $5, $6, now() + $7::interval, $8, $9)`,
      [
        ...[id, eventId, endpointId, tenantId].map(uuidOf),
        attempts > 0 ? 'retrying' : 'pending',
        attempts,
        due,
        pumped,
        leased_by && uuidOf(leased_by),
      ],
    );
    return id;
  };
  const parked = [
    await insert({ pumped: true }),
    await insert({ pumped: true, due: '1 second' }),
    await insert({ pumped: true, attempts: 0 }),
    await insert({ pumped: true, leased_by: dead }),
    await insert({ pumped: false, due: '1 hour' }),
  ];
  await insert({ pumped: true, leased_by: alive });
  // the late record of another relay has decided the attempt that this one repeats
  await insert({ pumped: true, leased_by: alive, due: '1 hour' });
  await insert({ pumped: true, attempts: 0, due: '1 hour' });
  await insert({ pumped: false });
  const found = await parkSleeping(db, endpointId, 10);
  expect(found.map((one) => one.deliveryId).toSorted()).toEqual(parked.toSorted());
  expect(found.filter(({ pumped }) => !pumped).map((one) => one.deliveryId)).toEqual(parked.slice(4));
  const { rows } = await db.query(`select from deliveries where endpoint_id = $1 and status = 'held' and leased_by is not null`, [
    uuidOf(endpointId),
  ]);
  expect(rows).toEqual([]);
});
