// A relay takes over the outbox rows of processes on its host that are gone, at once, and of no others.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTenant } from '#db/access/tenants';
import { registerRelay } from '#db/events/relays';
import type { Db } from '#db/store/pool';
import { uuidOf } from '#domain/ids';
import { usualTimings } from '#domain/timings';
import { inherit, register } from '#relay/registration';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { isGone, type ProcessPlace, processStart, thisPlace } from '#runtime/process-facts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const here = thisPlace() as ProcessPlace;
const log = createLogger('silent');
let database: TestDatabase;
let db: Db;
const tenantId = newId('tnt');

beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
  await createTenant(db, { tenantId, key: 'one', name: 'a tenant', metadata: {} });
});
beforeEach(() => db.query('truncate outbox, relays'));
afterAll(() => database?.drop());

async function relayWith(rows: number, place: ProcessPlace | null): Promise<string> {
  const id = newId('rly');
  await registerRelay(db, id, 'test', place);
  await db.query(
    `with stored as (
       insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, accepted_at, position)
       select id, $1, id::text, 'a', '{}', '{}', '', now(), nextval('event_position') from unnest($3::uuid[]) id returning id
     ) insert into outbox (event_id, tenant_id, owner) select id, $1, $2 from stored`,
    [uuidOf(tenantId), uuidOf(id), Array.from({ length: rows }, () => uuidOf(newId('evt')))],
  );
  return id;
}

/** A process of this host that runs until `end` is called. */
async function otherProcess(): Promise<{ place: ProcessPlace; end(): Promise<void> }> {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume(); console.log("runs")'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  const place = { ...here, pid: child.pid ?? 0, started: processStart(child.pid ?? 0) ?? '' };
  const end = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { place, end };
}

const deps = (place: ProcessPlace | null) => ({ db, lease: db, log, processName: 'new', place, timings: usualTimings });
const ownedBy = async (id: string) => {
  const { rows } = await db.query<{ n: number }>('select count(*)::int as n from outbox where owner = $1', [uuidOf(id)]);
  return rows[0]?.n;
};
const relays = async () => (await db.query<{ n: number }>('select count(*)::int as n from relays')).rows[0]?.n;

async function begin(place: ProcessPlace | null): Promise<{ id: string; inherited: boolean }> {
  const lease = await register(deps(place), new Map());
  if (!lease) throw new Error('not registered');
  return { id: lease.id, inherited: await inherit(deps(place), lease) };
}

it('takes the rows of a killed process at once, in pages, although its lease has not expired', async () => {
  const { place, end } = await otherProcess();
  await relayWith(2_300, place);
  await end();
  const { id, inherited } = await begin(here);
  expect(inherited).toBe(true);
  expect(await ownedBy(id)).toBe(2_300);
  expect(await relays()).toBe(1);
});

it('takes nothing from a process that lives, and from one on another host or in another container', async () => {
  const { place, end } = await otherProcess();
  const living = await relayWith(1, place);
  const elsewhere = await relayWith(2, { host: `${here.host}-2`, pid: 4_000_000, started: '1' });
  const unknown = await relayWith(3, null);
  const { inherited } = await begin(here);
  await end();
  expect(inherited).toBe(false);
  expect([await ownedBy(living), await ownedBy(elsewhere), await ownedBy(unknown)]).toEqual([1, 2, 3]);
  expect(await relays()).toBe(4);
});

it('takes nothing from an earlier lease of its own process, which may still record', async () => {
  const earlier = await relayWith(2, here);
  expect((await begin(here)).inherited).toBe(false);
  expect(await ownedBy(earlier)).toBe(2);
});

it('takes nothing where a process does not know its own place', async () => {
  const { place, end } = await otherProcess();
  await end();
  const gone = await relayWith(2, place);
  expect((await begin(null)).inherited).toBe(false);
  expect(await ownedBy(gone)).toBe(2);
});

it('never takes a process for gone that it can signal', () => {
  expect(isGone({ ...here, pid: 1, started: processStart(1) ?? '' }, here)).toBe(false);
});

it('knows a pid that another process has now', () => {
  expect(isGone({ ...here, started: '1' }, here)).toBe(true);
  expect(isGone(here, here)).toBe(false);
});
