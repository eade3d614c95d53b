// Two workers on one database, a new one for each test. The failures that one worker counts open
// the endpoint's lane for both: at once in that worker, within a second in the other.
import { pino } from 'pino';
import { afterAll, describe, expect, it, type TestContext } from 'vitest';
import { LaneWatch } from '#attempts/lane-watch';
import { readConfig } from '#config/config';
import { createTenant } from '#db/access/tenants';
import { forgiveHealth } from '#db/endpoints/endpoint-health';
import type { Db } from '#db/store/pool';
import { uuidOf } from '#domain/ids';
import { noFailures } from '#domain/lanes/circuit';
import { newId } from '#runtime/new-id';
import { createLaneWaker } from '#temporal/lane-waker';
import { openTemporalLink } from '#temporal/link';
import { answerOf } from '../support/answer.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { installTestRuntime } from '../support/runtime.ts';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });
// no workflow exists here: waking a lane changes only its row
installTestRuntime();
const link = openTemporalLink(readConfig({ TEMPORAL_ADDRESS: '127.0.0.1:1' }), log);
afterAll(() => link.close());

interface Worker extends LaneWatch {
  /** The names of the statements that the worker sent outside of transactions. */
  statements: string[];
  /** How far the worker's clock is ahead, in milliseconds. */
  aheadMs: number;
}

function startWorker(database: TestDatabase): Worker {
  const statements: string[] = [];
  const query = (statement: { name: string }) => {
    statements.push(statement.name);
    return database.db.query(statement as never);
  };
  const db: Db = { query: query as never, connect: () => database.db.connect() };
  let worker: Worker | undefined;
  const now = () => performance.now() + (worker?.aheadMs ?? 0);
  const watch = new LaneWatch({ db, lease: db, waker: createLaneWaker({ db, link, log }), log, now });
  worker = Object.assign(watch, { statements, aheadMs: 0 });
  return worker;
}

/** A database with one endpoint and two workers, for one test. */
async function watched({ onTestFinished }: TestContext) {
  const database = await createTestDatabase();
  const [tenantId, endpoint] = [newId('tnt'), newId('ep')];
  await createTenant(database.db, { tenantId, key: 'watched', name: 'watched', metadata: {} });
  const sql = async (text: string, values: unknown[] = []) => (await database.db.query(text, values)).rows;
  await sql(`insert into endpoints (id, tenant_id, sealed, host) values ($1, $2, '', 'x')`, [uuidOf(endpoint), uuidOf(tenantId)]);
  const [one, other] = [startWorker(database), startWorker(database)];
  onTestFinished(async () => {
    await Promise.all([one.stop(), other.stop()]);
    await database.drop();
  });
  await until('both to have looked', () => one.isFresh() && other.isFresh());
  const counts = async () => (await sql('select counts from endpoint_health where endpoint_id = $1', [uuidOf(endpoint)]))[0]?.counts;
  return {
    one,
    other,
    endpoint,
    sql,
    counts,
    /** One letter for each outcome: `F` 500, `n` 404, `a` accepted. */
    recordOutcomes(worker: Worker, outcomes: string, type = 'order.created', asked = { endpointId: endpoint, targetVersion: 1 }): void {
      for (const outcome of outcomes) worker.recordOutcome(asked, type, answerOf(outcome === 'a' ? 204 : outcome === 'n' ? 404 : 500));
    },
    lane: async () =>
      (await sql('select parks, reason, state, circuit, failing_since from lanes where endpoint_id = $1', [uuidOf(endpoint)]))[0],
    attemptsShared: async (attempts: number) =>
      until(`${attempts} attempts to be shared`, async () => (await counts())?.now.attempts === attempts && counts()),
    bothPark: () => until('both to park', () => one.parks(endpoint) && other.parks(endpoint)),
    clear: (failures = noFailures()) => forgiveHealth(database.db, { endpointId: endpoint, targetVersion: 1 }, failures, null),
  };
}

const looks = (worker: Worker) => worker.statements.filter((name) => name === 'read_watched').length;
/** Resolves when the worker has read everything that was there before the call. */
async function twoLooks(worker: Worker): Promise<void> {
  const before = looks(worker);
  await until('two more looks', () => looks(worker) >= before + 2);
}
const failing = { parks: true, reason: 'failing', state: 'blocked', circuit: { state: 'open', refusedProbes: 0 } };

describe.concurrent('two workers', () => {
  it('do not count outcomes of an older target, whichever worker saw them and whenever it shares them', async (context) => {
    const { one, other, endpoint, recordOutcomes, sql, counts, lane } = await watched(context);
    const [before, after] = [1, 2].map((targetVersion) => ({ endpointId: endpoint, targetVersion }));
    recordOutcomes(one, 'F'.repeat(19), undefined, before);
    await sql('update endpoints set target_version = 2 where id = $1', [uuidOf(endpoint)]);
    // shared after the change, by a process that does not know of it
    recordOutcomes(one, 'F'.repeat(19), undefined, before);
    await twoLooks(one);
    recordOutcomes(other, 'F'.repeat(19), undefined, after);
    await until('those to be shared', async () => (await counts())?.inRow === 19);
    // late outcomes: one process knows of the change, the other does not
    recordOutcomes(other, 'F'.repeat(19), undefined, before);
    recordOutcomes(one, 'F', undefined, before);
    await twoLooks(one);
    await twoLooks(other);
    expect((await counts())?.inRow).toBe(19);
    recordOutcomes(other, 'F', undefined, after);
    await until('a lane', async () => (await lane())?.circuit?.state === 'open');
    expect((await sql('select target_version from lanes where endpoint_id = $1', [uuidOf(endpoint)]))[0]).toEqual({ target_version: 2 });
  });

  it('open the lane after 20 failures in a row at one worker; the other reads it from the list', async (context) => {
    const { one, endpoint, recordOutcomes, lane, bothPark } = await watched(context);
    recordOutcomes(one, 'F'.repeat(19));
    expect(one.parks(endpoint)).toBe(false);
    recordOutcomes(one, 'F');
    expect(one.parks(endpoint)).toBe(true);
    await bothPark();
    expect(await lane()).toMatchObject({ ...failing, failing_since: expect.any(Date) });
    expect(one.statements.filter((name) => name === 'open_lanes')).toHaveLength(1);
  });

  it('add 10 failures of each to 20', async (context) => {
    const { one, other, endpoint, recordOutcomes, lane, bothPark } = await watched(context);
    for (let n = 0; n < 10; n++) {
      recordOutcomes(one, 'F');
      recordOutcomes(other, 'F');
    }
    expect([one.parks(endpoint), other.parks(endpoint)]).toEqual([false, false]);
    await bothPark();
    expect(await lane()).toMatchObject(failing);
  });

  it('add the shared failures of the other worker: the 20th opens the lane, long after the first', async (context) => {
    const { one, other, recordOutcomes, lane, attemptsShared, bothPark } = await watched(context);
    recordOutcomes(one, 'F'.repeat(12));
    await attemptsShared(12);
    one.aheadMs = other.aheadMs = 30_000;
    recordOutcomes(other, 'F'.repeat(7));
    await attemptsShared(19);
    expect(await lane()).toBeUndefined();
    recordOutcomes(one, 'F');
    await bothPark();
  });

  it('keep the lane closed when the other worker sees acceptances', async (context) => {
    const { one, other, recordOutcomes, lane, counts, attemptsShared } = await watched(context);
    recordOutcomes(one, 'F'.repeat(10));
    expect((await attemptsShared(10)).inRow).toBe(10);
    await until('the acceptances to count', async () => {
      recordOutcomes(other, 'a');
      return (await counts())?.inRow === 0;
    });
    await twoLooks(one);
    recordOutcomes(one, 'F'.repeat(10));
    await until('the second ten to count', async () => (await counts())?.now.failures === 20);
    expect((await counts())?.inRow).toBe(10);
    expect(await lane()).toBeUndefined();
  });

  it('open the lane when more than half of 40 attempts fail in a minute, at whichever worker', async (context) => {
    const { one, other, recordOutcomes, lane, bothPark } = await watched(context);
    recordOutcomes(one, 'FFa'.repeat(7));
    recordOutcomes(other, 'FFa'.repeat(7));
    await bothPark();
    expect(await lane()).toMatchObject(failing);
  });

  it('do not open the lane when half of 50 attempts fail', async (context) => {
    const { one, recordOutcomes, lane, attemptsShared } = await watched(context);
    recordOutcomes(one, `Fa${'aF'.repeat(24)}`);
    await attemptsShared(50);
    await twoLooks(one);
    expect(await lane()).toBeUndefined();
  });

  it('send no statement and write no row for an endpoint that accepts everything', async (context) => {
    const { one, recordOutcomes, counts, attemptsShared, clear } = await watched(context);
    recordOutcomes(one, 'a'.repeat(1_000));
    await twoLooks(one);
    expect(new Set(one.statements)).toEqual(new Set(['read_watched']));
    recordOutcomes(one, 'F');
    await attemptsShared(1);
    await clear();
    recordOutcomes(one, 'a');
    await twoLooks(one);
    expect(await counts()).toBeUndefined();
  });

  it('open no lane for 4xx responses, and do not count them as acceptances', async (context) => {
    const { one, recordOutcomes, lane, counts, attemptsShared, sql } = await watched(context);
    recordOutcomes(one, 'n'.repeat(100));
    expect(await attemptsShared(100)).toMatchObject({ inRow: 0, notAccepted: 100 });
    const since = async () => (await sql('select failing_since from endpoint_health'))[0]?.failing_since;
    expect(await since()).toBeInstanceOf(Date);
    recordOutcomes(one, `a`);
    await until('the acceptance to count', async () => (await counts())?.notAccepted === 0);
    expect(await since()).toBeNull();
    expect(await lane()).toBeUndefined();
  });

  it('open no lane for one event type that always fails while another type is accepted', async (context) => {
    const { one, other, recordOutcomes, lane, counts, bothPark } = await watched(context);
    recordOutcomes(one, 'F'.repeat(15), 'order.bad');
    await until('them to be shared', async () => (await counts())?.inRow === 15);
    await until('the acceptance to count', async () => {
      recordOutcomes(other, 'a', 'order.good');
      return (await counts())?.types[0]?.alone === true;
    });
    await twoLooks(one);
    for (const worker of [one, other]) recordOutcomes(worker, 'F'.repeat(60), 'order.bad');
    await until('all to be shared', async () => (await counts())?.types[0]?.failed === 135);
    expect(await lane()).toBeUndefined();
    recordOutcomes(one, 'F'.repeat(20), 'order.good');
    await bothPark();
  });

  it('learn from a lane that closed its circuit which event type fails alone, and pass that to the next lane', async (context) => {
    const { one, other, recordOutcomes, lane, bothPark, clear } = await watched(context);
    await clear({ ...noFailures(), types: [{ type: 'order.bad', failed: 12, alone: true }] });
    await twoLooks(one);
    await twoLooks(other);
    recordOutcomes(one, 'F'.repeat(60), 'order.bad');
    await twoLooks(one);
    expect(await lane()).toBeUndefined();
    recordOutcomes(one, 'F'.repeat(20), 'order.other');
    await bothPark();
    const types = [
      { type: 'order.bad', failed: 72, alone: true },
      { type: 'order.other', failed: 20 },
    ];
    expect(await lane()).toMatchObject({ circuit: { state: 'open', failures: { inRow: 0, types } } });
  });

  it('send again after the lane has closed, count from zero, and can open it again', async (context) => {
    const { one, other, endpoint, recordOutcomes, lane, attemptsShared, bothPark, clear, sql } = await watched(context);
    recordOutcomes(one, 'F'.repeat(20));
    await bothPark();
    recordOutcomes(one, 'F'.repeat(5));
    await clear();
    await sql(`update lanes set parks = false, state = 'idle', circuit = '{"state":"closed"}' where endpoint_id = $1`, [uuidOf(endpoint)]);
    await until('neither to park', () => !one.parks(endpoint) && !other.parks(endpoint));
    recordOutcomes(other, 'F'.repeat(19));
    await attemptsShared(19);
    expect(await lane()).toMatchObject({ parks: false });
    recordOutcomes(other, 'F');
    await bothPark();
    expect(await lane()).toMatchObject({ ...failing, state: 'awake' });
  });

  it('open the lane of an overloaded endpoint once, however often overCap is called', async (context) => {
    const { one, other, endpoint, lane, bothPark } = await watched(context);
    const all = [one.overCap(endpoint), one.overCap(endpoint), one.overCap(endpoint)];
    expect(one.parks(endpoint)).toBe(true);
    await Promise.all(all);
    expect(await lane()).toMatchObject({ parks: true, reason: 'cap', state: 'awake', circuit: null });
    await bothPark();
    await Promise.all([one.overCap(endpoint), other.overCap(endpoint)]);
    expect([...one.statements, ...other.statements].filter((name) => name === 'open_lanes')).toHaveLength(1);
  });

  it('do not park for a lane that could not be opened, and open it later', async (context) => {
    const { one, other, endpoint, recordOutcomes, bothPark, sql } = await watched(context);
    await sql('alter table lanes rename to elsewhere');
    recordOutcomes(one, 'F'.repeat(20));
    const both = [other.overCap(endpoint), other.overCap(endpoint)];
    expect([one.parks(endpoint), other.parks(endpoint)]).toEqual([true, true]);
    for (const open of both) await expect(open).rejects.toThrow(/lanes/);
    await until('neither to park', () => !one.parks(endpoint) && !other.parks(endpoint));
    await sql('alter table elsewhere rename to lanes');
    await other.overCap(endpoint);
    await bothPark();
  });

  it('treat the list as stale after 3 s without an answer', async (context) => {
    const { one, sql } = await watched(context);
    await sql('alter table lanes rename to elsewhere');
    one.aheadMs += 3_100;
    expect(one.isFresh()).toBe(false);
    await twoLooks(one);
    expect(one.isFresh()).toBe(false);
    await sql('alter table elsewhere rename to lanes');
    await until('an answer', () => one.isFresh());
  });
});
