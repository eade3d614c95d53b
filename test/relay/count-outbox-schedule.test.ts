// When the outbox is counted, and that no request waits for it: on a real outbox, with every
// statement observed.
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTenant } from '#db/access/tenants';
import { countWaiting } from '#db/events/backlog';
import type { Db } from '#db/store/pool';
import { uuidOf } from '#domain/ids';
import { type Backlog, createBacklog, TooManyWaiting } from '#relay/backlog';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

let database: TestDatabase;
/** The start time of each count. */
let counts: number[];
/** The result of the last completed count. */
let lastCount: number | undefined;
let logged: string[];
let refusals: string[];
let backlog: Backlog;

beforeEach(async () => {
  database = await createTestDatabase();
  counts = [];
  lastCount = undefined;
  logged = [];
  refusals = [];
});
afterEach(async () => {
  backlog.stop();
  await database.drop();
});

function open(limits: { perTenant: number; inAll: number }): void {
  const { db } = database;
  const query = async (text: pg.QueryConfig) => {
    counts.push(performance.now());
    const result = await db.query<{ in_all: number }>(text);
    // after the caller has received the result
    setImmediate(() => {
      lastCount = result.rows[0]?.in_all;
    });
    return result;
  };
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line).msg) });
  backlog = createBacklog({
    db: { query: query as unknown as Db['query'], connect: () => db.connect() },
    log,
    limits,
  });
}

/** Admits one event and reports it as stored. False: it was refused. */
function post(tenant: string): boolean {
  try {
    backlog.admit(tenant, 1)(1);
    return true;
  } catch (error) {
    if (!(error instanceof TooManyWaiting)) throw error;
    refusals.push(error.scope);
    return false;
  }
}

async function fillOutbox(tenant: string, events: number): Promise<void> {
  const tenantId = newId('tnt');
  await createTenant(database.db, { tenantId, key: tenant, name: tenant, metadata: {} });
  const ids = Array.from({ length: events }, () => randomUUID());
  await database.db.query('insert into outbox (event_id, tenant_id) select unnest($1::uuid[]), $2', [ids, uuidOf(tenantId)]);
}

const counted = (inAll: number) => until(`a count of ${inAll}`, () => lastCount === inAll);

it('counts the outbox in total and by tenant, without tenants that have few events', async () => {
  open({ perTenant: 1, inAll: 1 });
  expect(await countWaiting(database.db, 1)).toEqual({ inAll: 0, byTenant: new Map() });
  await fillOutbox('many', 20);
  await fillOutbox('few', 2);
  expect(await countWaiting(database.db, 3)).toEqual({ inAll: 22, byTenant: new Map([['many', 20]]) });
});

describe('counting', () => {
  it('happens at the first event, then only after another thousand are stored', async () => {
    open({ perTenant: 100_000, inAll: 2_000_000 });
    expect(counts).toHaveLength(0);
    post('a');
    await counted(0);
    for (let n = 0; n < 999; n++) post('a');
    expect(counts).toHaveLength(1);
    await until('the second count', () => post('a') && counts.length === 2);
  });

  it('blocks no request, runs one at a time, and pauses longer after a longer count', async () => {
    open({ perTenant: 10_000, inAll: 10_000 });
    const client = await database.db.connect();
    await client.query('begin');
    await client.query('lock table outbox in access exclusive mode');
    for (let n = 0; n < 5_000; n++) expect(post('a')).toBe(true);
    await until('the count to hang', async () => (await waitingForLock()) === 1);
    const first = counts[0] ?? 0;
    const hung = performance.now() - first;
    await client.query('commit');
    client.release();
    await counted(0);
    expect(counts).toEqual([first]);
    await until('the second count', () => (post('a') || true) && counts.length === 2, 100_000);
    expect((counts[1] ?? 0) - first).toBeGreaterThanOrEqual(Math.min(hung * 20, 60_000));
  });

  it('continues while events are refused, and ends the refusal when the outbox has drained', async () => {
    open({ perTenant: 5, inAll: 1_000 });
    await fillOutbox('full', 5);
    await until('the refusal', () => !post('full'));
    expect(refusals).toEqual(['tenant']);
    expect(post('other')).toBe(true);
    expect(backlog.refusing()).toEqual({ all: false, tenants: 1 });
    await until('the log', () => logged.includes('backlog.refusing'));
    await database.db.query('delete from outbox');
    await counted(0);
    expect(post('full')).toBe(true);
    expect(logged).toContain('backlog.accepting_again');
  });

  it('that fails does not refuse events for long', async () => {
    open({ perTenant: 5, inAll: 5 });
    await database.db.query('alter table outbox rename to elsewhere');
    await until('the failure', () => post('a') && logged.includes('backlog.not_counted'));
    expect(backlog.refusing()).toEqual({ all: false, tenants: 0 });
    await until('more than the limit let in', () => post('a'));
  });
});

async function waitingForLock(): Promise<number> {
  const { rows } = await database.db.query(
    `select count(*) as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows[0].n;
}
