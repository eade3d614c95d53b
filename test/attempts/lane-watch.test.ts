// Two workers that watch over one database: what each counts of an endpoint's refusals opens its lane for both, at once here and within a second there.
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createLaneWatch, type LaneWatch } from '../../src/attempts/lane-watch.ts';
import { readConfig } from '../../src/config.ts';
import { clearHealth } from '../../src/db/endpoint-health.ts';
import type { Db } from '../../src/db/pool.ts';
import { createTenant } from '../../src/db/tenants.ts';
import { uuidOf } from '../../src/domain/ids.ts';
import { newId } from '../../src/new-id.ts';
import { createLaneWaker } from '../../src/temporal/lane-waker.ts';
import { openTemporalLink } from '../../src/temporal/link.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });
// nobody there: waking a lane is told to its row alone
const link = openTemporalLink(readConfig({ TEMPORAL_ADDRESS: '127.0.0.1:1' }), log);
const tenantId = newId('tnt');
let database: TestDatabase;
let one: Worker;
let other: Worker;
let endpoint: string;

interface Worker extends LaneWatch {
  /** Names of the statements it sent outside of transactions. */
  statements: string[];
  /** Its clock runs ahead by so much. */
  aheadMs: number;
}

beforeAll(async () => {
  database = await createTestDatabase();
  await createTenant(database.db, { tenantId, key: 'watched', name: 'watched', metadata: {} });
});
afterAll(async () => {
  await link.close();
  await database?.drop();
});
beforeEach(async () => {
  endpoint = newId('ep');
  await sql('insert into endpoints (id, tenant_id, url) values ($1, $2, $3)', [uuidOf(endpoint), uuidOf(tenantId), 'https://example.com']);
  [one, other] = [startWorker(), startWorker()];
  await until('both to have looked', () => one.isFresh() && other.isFresh());
});
afterEach(async () => {
  await Promise.all([one.stop(), other.stop()]);
  await sql('truncate lanes, endpoint_health');
});

const sql = async (text: string, values: unknown[] = []) => (await database.db.query(text, values)).rows;

function startWorker(): Worker {
  const statements: string[] = [];
  const query = (statement: { name: string }) => {
    statements.push(statement.name);
    return database.db.query(statement as never);
  };
  const db: Db = { query: query as never, connect: () => database.db.connect() };
  const now = () => performance.now() + worker.aheadMs;
  const worker = { statements, aheadMs: 0 } as Worker;
  return Object.assign(worker, createLaneWatch({ db, waker: createLaneWaker({ db, link, log }), log, now }));
}

/** `F` refused, `a` accepted. */
function saw(worker: Worker, outcomes: string): void {
  for (const outcome of outcomes) worker.saw(endpoint, outcome === 'a');
}

const lane = async () =>
  (await sql('select parks, reason, state, circuit, failing_since from lanes where endpoint_id = $1', [uuidOf(endpoint)]))[0];
const counts = async () => (await sql('select counts from endpoint_health where endpoint_id = $1', [uuidOf(endpoint)]))[0]?.counts;
const attemptsTold = async (attempts: number) =>
  until(`${attempts} attempts told`, async () => (await counts())?.now.attempts === attempts && counts());
const bothPark = () => until('both to park', () => one.parks(endpoint) && other.parks(endpoint));
const looks = (worker: Worker) => worker.statements.filter((name) => name === 'read_watched').length;
/** What was there before has been seen then. */
async function twoLooks(worker: Worker): Promise<void> {
  const before = looks(worker);
  await until('two more looks', () => looks(worker) >= before + 2);
}
const failing = { parks: true, reason: 'failing', state: 'awake', circuit: { state: 'open', refusedProbes: 0 } };

it('20 refused in a row at one open the lane at once, and the other hears of it', async () => {
  saw(one, 'F'.repeat(19));
  expect(one.parks(endpoint)).toBe(false);
  saw(one, 'F');
  expect(one.parks(endpoint)).toBe(true);
  await bothPark();
  expect(await lane()).toMatchObject({ ...failing, failing_since: expect.any(Date) });
  expect(one.statements.filter((name) => name === 'open_lanes')).toHaveLength(1);
});

it('10 refused at each of two are 20', async () => {
  for (let n = 0; n < 10; n++) {
    saw(one, 'F');
    saw(other, 'F');
  }
  expect([one.parks(endpoint), other.parks(endpoint)]).toEqual([false, false]);
  await bothPark();
  expect(await lane()).toMatchObject(failing);
});

it('what one has told counts at the other when it tells: the 20th opens, long after the first', async () => {
  saw(one, 'F'.repeat(12));
  await attemptsTold(12);
  one.aheadMs = other.aheadMs = 30_000;
  saw(other, 'F'.repeat(7));
  await attemptsTold(19);
  expect(await lane()).toBeUndefined();
  saw(one, 'F');
  await bothPark();
});

it('acceptances at one keep the lane of the other closed', async () => {
  saw(one, 'F'.repeat(10));
  expect((await attemptsTold(10)).inRow).toBe(10);
  await until('the acceptances to count', async () => {
    saw(other, 'a');
    return (await counts())?.inRow === 0;
  });
  await twoLooks(one);
  saw(one, 'F'.repeat(10));
  await until('the second ten to count', async () => (await counts())?.now.failures === 20);
  expect((await counts())?.inRow).toBe(10);
  expect(await lane()).toBeUndefined();
});

it('more than half of 40 refused in a minute open it, wherever they were', async () => {
  saw(one, 'FFa'.repeat(7));
  saw(other, 'FFa'.repeat(7));
  await bothPark();
  expect(await lane()).toMatchObject(failing);
});

it('half of 50 refused do not', async () => {
  saw(one, `Fa${'aF'.repeat(24)}`);
  await attemptsTold(50);
  await twoLooks(one);
  expect(await lane()).toBeUndefined();
});

it('an endpoint that only accepts costs nothing, and gets no row', async () => {
  saw(one, 'a'.repeat(1_000));
  await twoLooks(one);
  expect(new Set(one.statements)).toEqual(new Set(['read_watched']));
  saw(one, 'F');
  await attemptsTold(1);
  await clearHealth(database.db, endpoint);
  saw(one, 'a');
  await twoLooks(one);
  expect(await counts()).toBeUndefined();
});

it('a lane that closes lets both send again, counts what comes from nothing, and opens again', async () => {
  saw(one, 'F'.repeat(20));
  await bothPark();
  saw(one, 'F'.repeat(5));
  await clearHealth(database.db, endpoint);
  await sql(`update lanes set parks = false, state = 'idle', circuit = '{"state":"closed"}' where endpoint_id = $1`, [uuidOf(endpoint)]);
  await until('neither to park', () => !one.parks(endpoint) && !other.parks(endpoint));
  saw(other, 'F'.repeat(19));
  await attemptsTold(19);
  expect(await lane()).toMatchObject({ parks: false });
  saw(other, 'F');
  await bothPark();
  expect(await lane()).toMatchObject(failing);
});

it('more than an endpoint takes opens its lane, once however many say so', async () => {
  const all = [one.overCap(endpoint), one.overCap(endpoint), one.overCap(endpoint)];
  expect(one.parks(endpoint)).toBe(true);
  await Promise.all(all);
  expect(await lane()).toMatchObject({ parks: true, reason: 'cap', state: 'awake', circuit: null });
  await bothPark();
  await Promise.all([one.overCap(endpoint), other.overCap(endpoint)]);
  expect([...one.statements, ...other.statements].filter((name) => name === 'open_lanes')).toHaveLength(1);
});

it('a lane that cannot be opened is not parked for, and is opened later', async () => {
  await sql('alter table lanes rename to elsewhere');
  saw(one, 'F'.repeat(20));
  const both = [other.overCap(endpoint), other.overCap(endpoint)];
  expect([one.parks(endpoint), other.parks(endpoint)]).toEqual([true, true]);
  for (const one of both) await expect(one).rejects.toThrow(/lanes/);
  await until('neither to park', () => !one.parks(endpoint) && !other.parks(endpoint));
  await sql('alter table elsewhere rename to lanes');
  await other.overCap(endpoint);
  await bothPark();
});

it('what is known is not acted on after 3 s without an answer', async () => {
  await sql('alter table lanes rename to elsewhere');
  one.aheadMs += 3_100;
  expect(one.isFresh()).toBe(false);
  await twoLooks(one);
  expect(one.isFresh()).toBe(false);
  await sql('alter table elsewhere rename to lanes');
  await until('an answer', () => one.isFresh());
});
