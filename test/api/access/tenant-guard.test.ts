// The tenant guard protects future routes: handlers that forget the tenant filter, and routes
// without a declared tenant.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { guardTenant } from '#api/access/tenant-guard';
import { freshIds } from '#api/http/ids';
import { answer, type Call, type Route, route } from '#api/http/route';
import { bySystem } from '#db/audit/audit';
import { type ScopedDb, scopedDb } from '#db/store/tenant-scope';
import { bootstrapCaller, type Caller } from '#domain/access/access';
import { idOf } from '#domain/ids';
import { type Furnished, furnished } from '../../db/access/furnished-tenant.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
let db: ScopedDb;
let own: Furnished;
let other: Furnished;
let caller: Caller;
beforeAll(async () => {
  database = await createTestDatabase();
  db = scopedDb(database.db);
  [own, other] = [await furnished(database.db, 'own'), await furnished(database.db, 'other')];
  caller = { ...bootstrapCaller, tenant: { id: idOf('tnt', own.tenant), key: 'own' } };
});
afterAll(() => database.drop());

const served = async () => answer(200, 'served');
const facts = {
  operationId: 'x',
  summary: 'x',
  description: 'X.',
  scope: 'admin',
  answers: {},
  method: 'get',
  path: '/v1/endpoints/:endpoint',
} as const;

function ask(made: Route, call: Partial<Call<unknown, unknown, unknown>>) {
  const empty = {
    params: {},
    query: {},
    body: undefined,
    members: new Map(),
    lastEventId: null,
    ids: freshIds,
    caller,
    trace: null,
    accept: undefined,
    requireMatch: () => undefined,
    audit: bySystem('endpoint.change'),
  };
  return guardTenant(made, db).handler({ ...empty, ...call });
}

describe('a handler that forgets the tenant filter', () => {
  const says = (method: 'get' | 'post', text: string) =>
    route({ ...facts, method, handler: async () => answer(200, (await db.query(text)).rows) });
  const change = `update endpoints set description = 'changed' returning id`;

  it('reads and changes only rows of its caller', async () => {
    const params = { endpoint: idOf('ep', own.endpoint) };
    const mine = JSON.stringify([{ id: own.endpoint }]);
    const before = await other.rows();
    expect((await ask(says('get', 'select id from endpoints'), { params })).text).toBe(mine);
    expect((await ask(says('post', change), { params })).text).toBe(mine);
    expect(await other.rows()).toEqual(before);
  });

  it('cannot write in a GET', async () => {
    await expect(ask(says('get', change), { params: { endpoint: idOf('ep', own.endpoint) } })).rejects.toMatchObject({ code: '25006' });
  });

  it("is not reached with another's id", async () => {
    for (const [name, id] of Object.entries({ endpoint: idOf('ep', other.endpoint), delivery: idOf('dlv', other.delivery) }))
      await expect(ask(route({ ...facts, path: `/v1/x/:${name}`, handler: served }), { params: { [name]: id } })).rejects.toMatchObject({
        status: 404,
      });
  });
});

describe('a route', () => {
  it('without a declared tenant is closed to tenant-bound callers', async () => {
    const unsaid = route({ ...facts, path: '/v1/things', handler: served });
    await expect(ask(unsaid, {})).rejects.toMatchObject({ status: 403 });
    const withId = route({ ...facts, path: '/v1/things/:thing', handler: served });
    await expect(ask(withId, { params: { thing: '1' } })).rejects.toMatchObject({ status: 404 });
    for (const made of [unsaid, withId])
      expect((await ask(made, { params: { thing: '1' }, caller: bootstrapCaller })).text).toBe('"served"');
  });

  it('whose query or body names the tenant is restricted to the tenant of the caller', async () => {
    const tenant = z.string().optional();
    const shape = z.strictObject({ tenant });
    const inBody = route({ ...facts, path: '/v1/things', body: shape, handler: served });
    await expect(ask(inBody, { body: { tenant: 'other' } })).rejects.toMatchObject({ status: 404 });
    expect((await ask(inBody, { body: { tenant: 'own' } })).status).toBe(200);
    const inQuery = route({ ...facts, path: '/v1/things', query: shape, handler: async ({ query }) => answer(200, query) });
    await expect(ask(inQuery, { query: { tenant: 'other' } })).rejects.toMatchObject({ status: 404 });
    expect((await ask(inQuery, { query: {} })).text).toBe('{"tenant":"own"}');
  });
});
