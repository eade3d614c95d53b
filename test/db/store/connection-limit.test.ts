// Connection limits: waiting work of one kind keeps no connection from another, and every
// connection comes back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limitConnections } from '#db/store/connection-limit';
import { StoreOverloaded } from '#db/store/errors';
import { inTransaction } from '#db/store/pool';
import { asTenant, scopedDb, scopedTenant } from '#db/store/tenant-scope';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

/** Holds a lock that queries of `lockedTable` wait for. */
async function lock(): Promise<() => Promise<void>> {
  const client = await database.db.connect();
  await client.query('begin');
  await client.query('set local idle_in_transaction_session_timeout = 0');
  await client.query('lock table endpoint_secrets in access exclusive mode');
  return async () => {
    await client.query('commit');
    client.release();
  };
}
const locked = 'select count(*) from endpoint_secrets';
const waiting = async () =>
  (await database.db.query(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).rowCount;

describe('a connection limit', () => {
  it('uses no more connections than it allows, and leaves the others theirs', async () => {
    const [reads, others] = [limitConnections(database.db, { most: 3 }), limitConnections(database.db, { most: 2 })];
    const release = await lock();
    try {
      const queries = Array.from({ length: 20 }, () => reads.query(locked));
      await until('all its connections to wait', async () => (await waiting()) === 3);
      // the other 17 queries wait in the process
      expect((await others.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
      expect(await waiting()).toBe(3);
      await release();
      expect(await Promise.all(queries)).toHaveLength(20);
    } finally {
      await release().catch(() => undefined);
    }
  });

  it('gives one tenant at most half of the connections, and the others the rest', async () => {
    const share = scopedDb(limitConnections(database.db, { most: 4, whose: scopedTenant }));
    const as = <T>(tenantId: string, work: () => T) => asTenant({ tenantId, readOnly: true }, work);
    const [greedy, other] = [newId('tnt'), newId('tnt')];
    const release = await lock();
    try {
      const queries = Array.from({ length: 20 }, () => as(greedy, () => share.query(locked)));
      await until('half of the connections to wait', async () => (await waiting()) === 2);
      expect((await as(other, () => share.query('select 1 as one'))).rows).toEqual([{ one: 1 }]);
      expect((await share.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
      expect(await waiting()).toBe(2);
      await release();
      expect(await Promise.allSettled(queries)).toHaveLength(20);
    } finally {
      await release().catch(() => undefined);
    }
  });

  it('gets connections back after an error, a transaction, and a release as broken', async () => {
    const one = limitConnections(database.db, { most: 1 });
    await expect(one.query('select 1 / 0')).rejects.toThrow('division by zero');
    await expect(inTransaction(one, (client) => client.query('select 1 / 0'))).rejects.toThrow('division by zero');
    (await one.connect()).release(true);
    const client = await one.connect();
    client.release();
    expect(() => client.release()).toThrow();
    const away = limitConnections(
      { connect: () => Promise.reject(new Error('away')), query: database.db.query.bind(database.db) },
      { most: 1 },
    );
    await expect(away.connect()).rejects.toThrow('away');
    const answers = await Promise.all([one, one, away, away].map((share) => share.query('select 1 as one')));
    expect(answers.map(({ rows }) => rows)).toEqual(answers.map(() => [{ one: 1 }]));
  });

  it('rejects a query that waits too long as overloaded, and serves the others in order', async () => {
    const one = limitConnections(database.db, { most: 1, patienceMs: 50 });
    const patient = limitConnections(database.db, { most: 1 });
    const [held, heldToo] = [await one.connect(), await patient.connect()];
    await expect(one.query('select 1')).rejects.toThrow(StoreOverloaded);
    const order: number[] = [];
    const queries = [1, 2, 3].map((n) => patient.query('select 1').then(() => order.push(n)));
    heldToo.release();
    await Promise.all(queries);
    expect(order).toEqual([1, 2, 3]);
    held.release();
    expect((await one.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });
});
