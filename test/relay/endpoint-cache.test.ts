// The cache of endpoints: correct at the requested version, refreshed by version, and its refresh
// ends even while changes continue.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTenant } from '#db/access/tenants';
import { createEndpointCache, EndpointCache } from '#relay/endpoint-cache';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { countStatements } from '../support/statements.ts';
import { until } from '../support/until.ts';

let database: TestDatabase;
const tenantId = newId('tnt');
const uuid = (id: string) => id.slice(id.indexOf('_') + 1);

beforeAll(async () => {
  database = await createTestDatabase();
  await createTenant(database.db, { tenantId, key: 'cached', name: 'cached', metadata: {} });
});
afterAll(() => database?.drop());

async function makeEndpoint(): Promise<string> {
  const id = newId('ep');
  await database.db.query(`insert into endpoints (id, tenant_id, sealed, host) values ($1, $2, '', 'x')`, [uuid(id), uuid(tenantId)]);
  return id;
}

const version = async () =>
  (await database.db.query<{ v: number }>('select endpoints_version as v from tenants where id = $1', [uuid(tenantId)])).rows[0]?.v ?? 0;

it('returns the endpoints of a version or a later one; every change increases the version', async () => {
  const cache = createEndpointCache(database.db, database.db);
  const before = await version();
  const first = await makeEndpoint();
  expect(await version()).toBeGreaterThan(before);
  expect([...((await cache.get(tenantId, await version())).endpoints?.keys() ?? [])]).toEqual([first]);
  const second = await makeEndpoint();
  // the cached version is used until a newer one is requested
  expect((await cache.get(tenantId, before)).endpoints?.size).toBe(1);
  expect([...((await cache.get(tenantId, await version())).endpoints?.keys() ?? [])]).toEqual([first, second].sort());
});

it('refreshes by version, and ends even while changes continue', async () => {
  const changing = {
    connect: database.db.connect.bind(database.db),
    // each time, another change is made between the check of the versions and the load
    query: (async (query: { name: string }) => {
      const answer = await database.db.query(query as never);
      if (query.name === 'read_endpoints_versions') await makeEndpoint();
      return answer;
    }) as never,
  };
  const cache = createEndpointCache(changing, changing);
  await cache.get(tenantId, await version());
  const added = await makeEndpoint();
  expect(cache.current(tenantId, added)).toBeUndefined();
  await cache.lookForChanges();
  await cache.readChanged();
  expect(cache.current(tenantId, added)).toMatchObject({ gate: 'open' });
});

describe('when the endpoints of 300 tenants change at once', () => {
  const tenants = Array.from({ length: 300 }, () => newId('tnt'));
  const calm = newId('tnt');
  const change = () =>
    database.db.query('update tenants set endpoints_version = endpoints_version + 1 where id = any($1::uuid[])', [tenants.map(uuid)]);

  beforeAll(async () => {
    await database.db.query(`insert into tenants (id, external_id, name) select id, id::text, 'many' from unnest($1::uuid[]) id`, [
      [...tenants, calm].map(uuid),
    ]);
    await database.db.query(
      `insert into endpoints (id, tenant_id, sealed, host) select id, tenant_id, '', 'x' from unnest($1::uuid[], $2::uuid[]) e (id, tenant_id)`,
      [tenants.map(() => uuid(newId('ep'))), tenants.map(uuid)],
    );
  });

  it('they are read with one statement, as are tenants that are requested together', async () => {
    const { db, taken } = countStatements(database.db);
    const cache = createEndpointCache(db, db);
    const loaded = await Promise.all(tenants.map((one) => cache.get(one, 0)));
    expect(loaded.map(({ endpoints }) => endpoints?.size)).toEqual(tenants.map(() => 1));
    expect(taken()).toEqual(['read_tenant_endpoints']);
    await change();
    await cache.lookForChanges();
    await cache.readChanged();
    expect(taken()).toEqual(['read_endpoints_versions', 'read_tenant_endpoints']);
    expect(tenants.filter((one) => !cache.isFresh(one))).toEqual([]);
    await cache.readChanged();
    expect(taken()).toEqual([]);
  });

  it('only these tenants wait for the read, however long it takes', async () => {
    let open = (): void => undefined;
    let gate = Promise.resolve();
    const query = async (...args: unknown[]) => {
      await gate;
      return (database.db.query as (...args: unknown[]) => unknown)(...args);
    };
    const cache = createEndpointCache(database.db, { ...countStatements(database.db).db, query: query as never });
    await Promise.all([calm, ...tenants].map((one) => cache.get(one, 0)));
    await change();
    gate = new Promise((resolve) => {
      open = resolve;
    });
    await cache.lookForChanges();
    const reading = cache.readChanged();
    // checks continue meanwhile, so the other tenants stay fresh
    await until('a check', async () => {
      await cache.lookForChanges();
      return cache.isFresh(calm);
    });
    expect(tenants.filter((one) => cache.isFresh(one))).toEqual([]);
    open();
    await reading;
    await until('all to be fresh', async () => {
      await cache.lookForChanges();
      return tenants.every((one) => cache.isFresh(one));
    });
  });
});

it('evicts the least recently used tenant, and keeps the busy one', async () => {
  const read: string[] = [];
  const endpoints = Array.from({ length: 9_999 }, (_, n) => ({ endpointId: `ep_${n}`, filter: null }));
  const cache = new EndpointCache(database.db, database.db, async (_db, tenantIds) => {
    read.push(...tenantIds);
    return tenantIds.map(() => ({ version: 1, endpoints }));
  });
  // five tenants fill the cache
  for (const one of ['busy', 'a', 'b', 'c', 'd']) await cache.get(one, 1);
  await cache.get('busy', 1);
  await cache.get('e', 1);
  read.length = 0;
  for (const one of ['busy', 'b', 'c', 'd', 'e']) await cache.get(one, 1);
  expect(read).toEqual([]);
  await cache.get('a', 1);
  expect(read).toEqual(['a']);
});

it('a re-read after a change is no use: an unused tenant stays the first to be evicted', async () => {
  const changing = newId('tnt');
  await createTenant(database.db, { tenantId: changing, key: 'changing', name: 'changing', metadata: {} });
  let version = 1;
  const read: string[] = [];
  const endpoints = Array.from({ length: 9_999 }, (_, n) => ({ endpointId: `ep_${n}`, filter: null }));
  const others = ['a', 'b', 'c', 'd', 'e'].map(() => newId('tnt'));
  const cache = new EndpointCache(database.db, database.db, async (_db, tenantIds) => {
    read.push(...tenantIds);
    return tenantIds.map(() => ({ version, endpoints }));
  });
  // five tenants fill the cache
  for (const one of [changing, ...others.slice(0, 4)]) await cache.get(one, 1);
  await database.db.query('update tenants set endpoints_version = 2 where id = $1', [uuid(changing)]);
  version = 2;
  await cache.lookForChanges();
  expect(cache.isFresh(changing)).toBe(false);
  await cache.readChanged();
  expect(cache.isFresh(changing)).toBe(true);
  await cache.get(others[4] ?? '', 1);
  read.length = 0;
  for (const one of others) await cache.get(one, 1);
  expect(read).toEqual([]);
  await cache.get(changing, 1);
  expect(read).toEqual([changing]);
});

it('keeps a tenant that is re-read, although it is the least recently used and the cache is too full', async () => {
  const sizes = new Map<string, number>();
  const read: string[] = [];
  const cache = new EndpointCache(database.db, database.db, async (_db, tenantIds) => {
    read.push(...tenantIds);
    return tenantIds.map((one) => {
      const size = sizes.get(one) ?? 9_999;
      return { version: size, endpoints: Array.from({ length: size }, (_, n) => ({ endpointId: `ep_${n}`, filter: null })) };
    });
  });
  sizes.set('grows', 1);
  for (const one of ['grows', 'a', 'b', 'c', 'd']) await cache.get(one, 1);
  sizes.set('grows', 10_000);
  expect((await cache.get('grows', 2)).version).toBe(10_000);
  read.length = 0;
  for (const one of ['grows', 'b', 'c', 'd']) await cache.get(one, 1);
  expect(read).toEqual([]);
  await cache.get('a', 1);
  expect(read).toEqual(['a']);
});
