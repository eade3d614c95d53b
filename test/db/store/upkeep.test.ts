// Upkeep deletes what lanes leave behind for deleted endpoints and tenants, and targets that no
// attempt was sent to, and nothing else.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makePartitions } from '#db/store/partitions';
import { deleteOldPortalLogos, deleteOldRates, deleteOldSequences, deleteOldTargets } from '#db/store/upkeep';
import { makeId, uuidOf } from '#domain/ids';
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

it('deletes a past target a day after it was replaced, if the oldest attempt was made later', async () => {
  const { db } = database;
  const dayMs = 86_400_000;
  const endpointId = newId('ep');
  await insertForeground(db, { tenantId: newId('tnt'), endpointId, eventId: newId('evt') });
  const insert = (version: number, days: number) =>
    db.query(`insert into past_targets values ($1, $2, '', now() - $3 * interval '1 day')`, [uuidOf(endpointId), version, days]);
  for (const [version, days] of [0.9, 1.1, 1.9, 2.1].entries()) await insert(version, days);
  const left = async () =>
    (await db.query('select target_version as version from past_targets order by 1')).rows.map(({ version }) => version);
  const deliveryId = makeId('dlv', Date.now() - dayMs, randomBytes(10));
  await makePartitions(db, 1);
  await db.query(
    `insert into attempts (id, delivery_id, round, number, started_at, outcome, message, total_ms) values ($1, $2, 1, 1, now(), 'timeout', '', 1)`,
    [uuidOf(newId('att')), uuidOf(deliveryId)],
  );
  expect([await deleteOldTargets(db), await deleteOldTargets(db), await left()]).toEqual([1, 0, [0, 1, 2]]);
  await db.query('delete from attempts');
  expect([await deleteOldTargets(db), await left()]).toEqual([2, [0]]);
});

it('partitions can be made by many connections at once', async () => {
  const { db } = database;
  for (let ahead = 20; ahead < 40; ahead += 4) await Promise.all(Array.from({ length: 6 }, () => makePartitions(db, ahead)));
  expect(await makePartitions(db, 36)).toBe(0);
});

it('deletes a logo when no portal link has had it for 32 days', async () => {
  const { db } = database;
  const tenantId = newId('tnt');
  await insertForeground(db, { tenantId, endpointId: newId('ep'), eventId: newId('evt') });
  const insert = (hash: string, days: number) =>
    db.query(`insert into portal_logos values ($1, $2, 'data:', now() - $3 * interval '1 day')`, [
      uuidOf(tenantId),
      Buffer.from(hash),
      days,
    ]);
  await insert('linked', 40);
  await insert('recent', 31);
  await insert('unused', 33);
  await db.query(
    `insert into portal_links (id, tenant_id, scopes, logo_hash, expires_at, created_by) values ($1, $2, '{}', 'linked', now(), 'bootstrap')`,
    [uuidOf(newId('lnk')), uuidOf(tenantId)],
  );
  expect([await deleteOldPortalLogos(db), await deleteOldPortalLogos(db)]).toEqual([1, 0]);
  const { rows } = await db.query(`select convert_from(hash, 'UTF8') as hash from portal_logos order by 1`);
  expect(rows.map(({ hash }) => hash)).toEqual(['linked', 'recent']);
});
