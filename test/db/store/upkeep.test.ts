// Upkeep deletes what lanes leave behind for deleted endpoints and tenants, and nothing else.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deleteOldRates, deleteOldSequences } from '#db/store/upkeep';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { insertForeground } from '../../support/parking.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

it('deletes sequence numbers 30 days after their endpoint, and rates an hour after their tenant', async () => {
  const { db } = database;
  const [kept, late, gone] = await Promise.all(
    [null, '29 days', '31 days'].map(async (ago) => {
      const [endpointId, tenantId] = [newId('ep'), newId('tnt')];
      await insertForeground(db, { tenantId, endpointId, eventId: newId('evt') });
      await db.query('update endpoints set deleted_at = now() - $2::interval where id = $1', [uuidOf(endpointId), ago]);
      await db.query('update tenants set deleted_at = now() - $2::interval where id = $1', [uuidOf(tenantId), ago]);
      await db.query(`insert into lane_sequences select $1, 'key ' || n, n from generate_series(1, 3) n`, [uuidOf(endpointId)]);
      await db.query('insert into tenant_rates values ($1, 0, now())', [uuidOf(tenantId)]);
      return { endpointId, tenantId };
    }),
  );
  expect([await deleteOldSequences(db), await deleteOldSequences(db)]).toEqual([3, 0]);
  expect([await deleteOldRates(db), await deleteOldRates(db)]).toEqual([2, 0]);
  const numbered = (await db.query('select distinct endpoint_id::text as id from lane_sequences')).rows.map(({ id }) =>
    id.replaceAll('-', ''),
  );
  expect(numbered.toSorted()).toEqual([kept, late].map((one) => uuidOf(one?.endpointId ?? '')).toSorted());
  expect(numbered).not.toContain(uuidOf(gone?.endpointId ?? ''));
  expect((await db.query('select from tenant_rates')).rowCount).toBe(1);
});
