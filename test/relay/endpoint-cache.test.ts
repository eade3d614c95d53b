// The cache of endpoints: right at the version asked for, refreshed by version, and not for ever when changes go on meanwhile.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTenant } from '../../src/db/tenants.ts';
import { newId } from '../../src/new-id.ts';
import { createEndpointCache } from '../../src/relay/endpoint-cache.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

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
  await database.db.query('insert into endpoints (id, tenant_id) values ($1, $2)', [uuid(id), uuid(tenantId)]);
  return id;
}

const version = async () =>
  (await database.db.query<{ v: number }>('select endpoints_version as v from tenants where id = $1', [uuid(tenantId)])).rows[0]?.v ?? 0;

it('gives what was at a version or later, and bumps it with every change', async () => {
  const cache = createEndpointCache(database.db);
  const before = await version();
  const first = await makeEndpoint();
  expect(await version()).toBeGreaterThan(before);
  expect([...((await cache.get(tenantId, await version())).endpoints?.keys() ?? [])]).toEqual([first]);
  const second = await makeEndpoint();
  // the version known is good enough until somebody asks for a newer one
  expect((await cache.get(tenantId, before)).endpoints?.size).toBe(1);
  expect([...((await cache.get(tenantId, await version())).endpoints?.keys() ?? [])]).toEqual([first, second].sort());
});

it('refreshes by version, and ends also while changes go on', async () => {
  const cache = createEndpointCache({
    ...database.db,
    connect: database.db.connect.bind(database.db),
    // between the look at the versions and the load another change is made, each time
    query: (async (query: { name: string }) => {
      const answer = await database.db.query(query as never);
      if (query.name === 'read_endpoints_versions') await makeEndpoint();
      return answer;
    }) as never,
  });
  await cache.get(tenantId, await version());
  const added = await makeEndpoint();
  expect(cache.current(tenantId, added)).toBeUndefined();
  await cache.refresh();
  expect(cache.current(tenantId, added)).toMatchObject({ gate: 'open' });
});
