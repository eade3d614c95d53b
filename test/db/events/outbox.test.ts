// The outbox: which relay takes rows, how rows of dead relays are released, and that a look reads
// only what it needs.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTenant } from '#db/access/tenants';
import { createDispatches } from '#db/events/dispatches';
import { ownOutboxRows, takeOutboxRows } from '#db/events/outbox';
import { registerRelay, releaseDeadRelays, renewRelay } from '#db/events/relays';
import type { Db } from '#db/store/pool';
import { idOf, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
let db: Db;
/** In the order of their ids. */
const tenants = Array.from({ length: 3 }, () => newId('tnt')).sort();
const [busy = '', second = '', third = ''] = tenants;

beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
  for (const tenantId of tenants) await createTenant(db, { tenantId, key: tenantId, name: 'a tenant', metadata: {} });
});
beforeEach(() => db.query('truncate outbox, relays'));
afterAll(() => database?.drop());

/** Rows of events; the other columns do not matter here. */
async function fill(tenantId: string, owner: string | null, count: number): Promise<void> {
  await db.query(
    `with stored as (
       insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, accepted_at, position)
       select id, $1, id::text, 'a', '{}', '{}', '', now(), nextval('event_position') from unnest($3::uuid[]) id returning id
     ) insert into outbox (event_id, tenant_id, owner) select id, $1, $2 from stored`,
    [uuidOf(tenantId), owner && uuidOf(owner), Array.from({ length: count }, () => uuidOf(newId('evt')))],
  );
}

async function relay(age = '0 s'): Promise<string> {
  const id = newId('rly');
  await registerRelay(db, id, 'test');
  await db.query('update relays set seen = now() - $2::interval where id = $1', [uuidOf(id), age]);
  return id;
}

const owners = async () =>
  Object.fromEntries(
    (await db.query<{ owner: string | null; n: number }>('select owner, count(*)::int as n from outbox group by owner')).rows.map(
      ({ owner, n }) => [owner === null ? 'nobody' : idOf('rly', owner), n],
    ),
  );

/** The rows of the outbox that PostgreSQL reads for `work`. */
async function rowsRead(work: (db: Db) => Promise<unknown>): Promise<number> {
  const client = await db.connect();
  const soFar = async () => {
    // including reads that this connection made earlier and has not reported yet
    const { rows } = await client.query<{ read: number }>(
      `select (seq_tup_read + idx_tup_fetch)::int as read from pg_stat_xact_user_tables where relname = 'outbox'`,
    );
    return rows[0]?.read ?? 0;
  };
  try {
    await client.query('begin');
    const before = await soFar();
    await work({ query: client.query.bind(client) as Db['query'], connect: db.connect.bind(db) });
    const read = (await soFar()) - before;
    await client.query('commit');
    return read;
  } finally {
    client.release();
  }
}

describe('a relay whose lease expired', () => {
  it('is deleted, cannot renew its lease, and its rows are released; rows of live relays stay', async () => {
    const [dead, alive] = [await relay('5 s'), await relay('4 s')];
    await fill(busy, dead, 30);
    await fill(second, alive, 20);
    expect(await releaseDeadRelays(db, 1_000)).toMatchObject({ released: 30 });
    expect(await owners()).toEqual({ nobody: 30, [alive]: 20 });
    expect([await renewRelay(db, dead, facts), await renewRelay(db, alive, facts)]).toEqual([
      null,
      { orphans: true, owned: true, expired: false, sweeps: true },
    ]);
    expect(await releaseDeadRelays(db, 1_000)).toEqual({ released: 0, ended: 0 });
  });

  it('may still have rows committed for it later: these are released too', async () => {
    const alive = await relay();
    await fill(busy, newId('rly'), 3);
    await fill(busy, alive, 2);
    expect(await releaseDeadRelays(db, 1_000)).toMatchObject({ released: 3 });
    expect(await owners()).toEqual({ nobody: 3, [alive]: 2 });
  });

  it('has its rows released in parts, each row once, by several relays at once', async () => {
    await fill(busy, await relay('1 minute'), 150);
    await fill(second, await relay('1 minute'), 50);
    const once = async () => (await releaseDeadRelays(db, 40)).released;
    const released = [...(await Promise.all([once(), once(), once()])), await once(), await once(), await once()];
    expect(Math.max(...released)).toBeLessThanOrEqual(40);
    for (let more = await once(); more > 0; more = await once()) released.push(more);
    expect(released.reduce((sum, n) => sum + n, 0)).toBe(200);
    expect(await owners()).toEqual({ nobody: 200 });
  });
});

describe('rows without an owner', () => {
  const take = async (relayId: string, more: Partial<Parameters<typeof takeOutboxRows>[2]>) =>
    (await takeOutboxRows(db, relayId, { except: [], afterTenant: null, limit: 100, ...more })).map(({ tenantId }) => tenantId);
  const counted = (taken: string[]) => tenants.map((tenantId) => taken.filter((one) => one === tenantId).length);

  it('are taken tenant by tenant after the last one, without skipped tenants, and the oldest of each first', async () => {
    const me = await relay();
    for (const tenantId of tenants) await fill(tenantId, null, 30);
    expect(counted(await take(me, { limit: 20 }))).toEqual([20, 0, 0]);
    expect(counted(await take(me, { limit: 20, afterTenant: busy }))).toEqual([0, 20, 0]);
    expect(counted(await take(me, { limit: 25, afterTenant: busy }))).toEqual([0, 10, 15]);
    expect(counted(await take(me, { except: [third] }))).toEqual([10, 0, 0]);
    const { rows } = await db.query(
      'select from outbox where owner is null and tenant_id = $1 and event_id < (select event_id from outbox where owner is not null and tenant_id = $1 order by event_id desc limit 1)',
      [uuidOf(third)],
    );
    expect(await owners()).toEqual({ [me]: 75, nobody: 15 });
    expect(rows).toHaveLength(0);
  });

  it('go to exactly one of several relays', async () => {
    const relays = [await relay(), await relay(), await relay()];
    for (const tenantId of tenants) await fill(tenantId, null, 50);
    const taken = (await Promise.all(relays.map((me) => takeOutboxRows(db, me, { except: [], afterTenant: null, limit: 150 })))).flat();
    for (const me of relays) taken.push(...(await takeOutboxRows(db, me, { except: [], afterTenant: null, limit: 150 })));
    expect(new Set(taken.map(({ eventId }) => eventId)).size).toBe(taken.length);
    expect(taken).toHaveLength(150);
  });
});

it('a look reads what it finds, not all that waits: 20,000 rows of a skipped tenant and 20,000 of another relay', async () => {
  const [me, other] = [await relay(), await relay()];
  await fill(busy, null, 20_000);
  await fill(second, other, 20_000);
  await fill(third, null, 3);
  await fill(third, me, 2);
  await db.query('analyze outbox');
  const take = (on: Db) => takeOutboxRows(on, me, { except: [busy], afterTenant: null, limit: 100 });
  // the counter works
  expect(await rowsRead((on) => on.query('select count(*) from outbox'))).toBe(40_005);
  expect(await rowsRead((on) => releaseDeadRelays(on, 1_000))).toBeLessThan(50);
  expect(await rowsRead(take)).toBeLessThan(50);
  expect(await rowsRead((on) => ownOutboxRows(on, me, null, [], 1_000))).toBeLessThan(50);
  expect((await owners())[me]).toBe(5);
  // and when nothing is left to take
  expect(await rowsRead(take)).toBeLessThan(50);
});

const facts = { mode: 'batched', waiting: 0, temporalError: null } as const;

it('four relays that race for rows without an owner take each once, and none moves rows of another', async () => {
  await fill(busy, null, 200);
  const relays = await Promise.all(Array.from({ length: 4 }, () => relay()));
  const takes = relays.flatMap((relayId) =>
    Array.from({ length: 5 }, () => takeOutboxRows(db, relayId, { except: [], afterTenant: null, limit: 15 })),
  );
  const taken = (await Promise.all(takes)).flat().map(({ eventId }) => eventId);
  expect(new Set(taken).size).toBe(taken.length);
  await Promise.all(relays.map((relayId) => takeOutboxRows(db, relayId, { except: [], afterTenant: null, limit: 1_000 })));
  expect(Object.keys(await owners())).not.toContain('nobody');

  const { rows } = await db.query<{ event_id: string }>('select event_id from outbox');
  const dispatches = () => rows.map(({ event_id }) => ({ dispatchId: newId('dsp'), planned: false, eventIds: [idOf('evt', event_id)] }));
  const moved = await Promise.all(relays.map((relayId) => createDispatches(db, relayId, dispatches())));
  expect(moved.flat().reduce((sum, events) => sum + events, 0)).toBe(200);
  expect((await db.query('select e from dispatches, unnest(event_ids) as e group by e having count(*) > 1')).rows).toEqual([]);
  expect(await owners()).toEqual({});
});
