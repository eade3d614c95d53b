import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeTenant, createTenant, deleteTenant, listTenants, readTenant } from '#db/access/tenants';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const newOne = (key: string) => ({ tenantId: newId('tnt'), key, name: key, metadata: {} });

describe('tenants', () => {
  it('are created once per id, and rejected when their key is taken', async () => {
    const tenant = newOne('a');
    const made = await createTenant(database.db, tenant);
    expect(await createTenant(database.db, tenant)).toEqual(made);
    expect(await createTenant(database.db, newOne('a'))).toBe('taken');
    expect((await readTenant(database.db, 'a'))?.id).toBe(tenant.tenantId);
  });

  it('free their key when they are deleted', async () => {
    await createTenant(database.db, newOne('b'));
    expect(await deleteTenant(database.db, 'b')).toEqual([]);
    expect(await deleteTenant(database.db, 'b')).toBeNull();
    expect(await readTenant(database.db, 'b')).toBeNull();
    expect(await changeTenant(database.db, 'b', { name: 'x' })).toBeNull();
    expect(await createTenant(database.db, newOne('b'))).toMatchObject({ id: 'b' });
  });

  it('are listed newest first, and continue after a cursor', async () => {
    const keys = ['c', 'd', 'e'];
    for (const key of keys) await createTenant(database.db, newOne(key));
    const all = await listTenants(database.db, null, 250);
    expect(all.map(({ id }) => id)).toEqual(
      all
        .map(({ id }) => id)
        .toSorted()
        .reverse(),
    );
    const rest = await listTenants(database.db, all[0]?.id ?? null, 2);
    expect(rest).toEqual(all.slice(1, 3));
  });
});
