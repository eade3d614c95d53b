// Recording an attempt: the effect on a held delivery, and on one that is pending or retrying.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AttemptRecord, recordAttempts } from '#db/deliveries/attempts';
import { countFault, settleDelivery } from '#db/deliveries/deliveries';
import { recordFirstAttempts } from '#db/deliveries/first-attempts';
import { type DeliveryStatus, deliveryStatuses } from '#domain/deliveries/delivery';
import type { Outcome } from '#domain/deliveries/outcome';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { testContents } from '../../support/contents.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const hour = 3_600_000;
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

interface Made {
  attempts?: number;
  faults?: number;
  dueInMs?: number | null;
  expiresInMs?: number | null;
  pumped?: boolean;
  leasedBy?: string | null;
}

/** A row as parking leaves it, without a workflow. Returns its id. */
async function make(
  status: DeliveryStatus,
  { attempts = 0, faults = 0, dueInMs = -1_000, expiresInMs = null, pumped = false, leasedBy = null }: Made = {},
): Promise<string> {
  const id = newId('dlv');
  await database.db.query(
    `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts, faults, next_attempt_at, expires_at, own_workflow,
       pumped, leased_by)
     values ($1, $1, $1, $1, 'test', $2, $3, $4, now() + $5::float8 * interval '1 ms', now() + $6::float8 * interval '1 ms', false, $7, $8)`,
    [uuidOf(id), status, attempts, faults, dueInMs, expiresInMs, pumped, leasedBy && uuidOf(leasedBy)],
  );
  return id;
}

function attempt(deliveryId: string, number: number, outcome: Outcome, more: Partial<AttemptRecord> = {}): AttemptRecord {
  const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 1 };
  const result = { outcome, message: `${outcome} ${number}`, response: null, timings, address: null, retryAfterMs: null };
  const retryInMs = outcome === 'accepted' ? null : hour;
  return { attemptId: newId('att'), deliveryId, round: 1, number, startedAt: new Date(), result, retryInMs, ...more };
}

async function record(one: AttemptRecord): Promise<DeliveryStatus | null | undefined> {
  return (await recordAttempts(database.db, [one], testContents(database.db)))[0];
}

const row = async (id: string) =>
  (
    await database.db.query(
      `select status, attempts, faults, unsignalled_since is not null as unsignalled, own_workflow, last_outcome, last_message,
         round(extract(epoch from next_attempt_at - updated_at) * 1000)::float8 as due_in_ms
       from deliveries where id = $1`,
      [uuidOf(id)],
    )
  ).rows[0];

const kept = async (id: string) =>
  (await database.db.query('select number, outcome from attempts where delivery_id = $1 order by number, id', [uuidOf(id)])).rows.map(
    ({ number, outcome }) => `${number} ${outcome}`,
  );

describe('a held delivery', () => {
  it('stays held after a failure, uses up an attempt and is due when its retry schedule says', async () => {
    const id = await make('held', { attempts: 1, faults: 3 });
    expect(await record(attempt(id, 2, 'http_status'))).toBe('held');
    expect(await row(id)).toEqual({
      status: 'held',
      attempts: 2,
      faults: 0,
      unsignalled: false,
      own_workflow: false,
      last_outcome: 'http_status',
      last_message: 'http_status 2',
      due_in_ms: hour,
    });
    const mortal = await make('held', { expiresInMs: 60_000 });
    expect(await record(attempt(mortal, 1, 'timeout'))).toBe('held');
    expect((await row(mortal)).due_in_ms).toBeLessThanOrEqual(60_000);
  });

  it('succeeds when it is accepted, and needs no workflow', async () => {
    const id = await make('held', { attempts: 1 });
    expect(await record(attempt(id, 2, 'accepted'))).toBe('succeeded');
    expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 2, unsignalled: false, own_workflow: false, due_in_ms: null });
  });

  it('becomes a dead letter when its retry schedule is used up, and requests its workflow once', async () => {
    const id = await make('held', { attempts: 7 });
    const spent = attempt(id, 8, 'http_status', { retryInMs: null });
    for (let i = 0; i < 2; i++) {
      expect(await record(spent)).toBe('dead_lettered');
      expect(await row(id)).toMatchObject({ status: 'dead_lettered', attempts: 8, unsignalled: true, own_workflow: true, due_in_ms: null });
    }
    expect(await kept(id)).toEqual(['8 http_status']);
  });

  it('is not changed by a failure of another round or attempt, but the attempt is kept', async () => {
    const id = await make('held', { attempts: 2 });
    const before = await row(id);
    for (const late of [attempt(id, 2, 'reset'), attempt(id, 3, 'reset', { round: 2 })]) expect(await record(late)).toBe('held');
    expect(await row(id)).toEqual(before);
    expect(await kept(id)).toEqual(['2 reset', '3 reset']);
  });

  it('stays held when its first attempt, in flight when it was parked, fails', async () => {
    const id = await make('held');
    const refused = attempt(id, 1, 'timeout');
    const event = { eventId: newId('evt'), endpointId: newId('ep'), tenantId: newId('tnt'), eventType: 'test', expiresAt: null };
    expect(await recordFirstAttempts(database.db, [{ ...event, deliveryId: id, attempt: refused }], testContents(database.db))).toEqual([
      null,
    ]);
    expect(await row(id)).toMatchObject({ status: 'held', attempts: 0 });
    expect(await record(refused)).toBe('held');
    expect(await row(id)).toMatchObject({ status: 'held', attempts: 1, unsignalled: false, own_workflow: false, due_in_ms: hour });
    expect(await kept(id)).toEqual(['1 timeout']);
  });

  it.each(['cancelled', 'expired'] as const)('can be %s', async (status) => {
    const id = await make('held');
    expect(await settleDelivery(database.db, id, status)).toBe(status);
    expect(await row(id)).toMatchObject({ status, due_in_ms: null });
  });

  it('goes to quarantine at its tenth internal error', async () => {
    const id = await make('held', { faults: 8 });
    expect(await countFault(database.db, id, 'no secret')).toEqual({ status: 'held', faults: 9 });
    expect(await row(id)).toMatchObject({ status: 'held', attempts: 0, last_message: 'no secret' });
    expect(await countFault(database.db, id, 'no secret')).toEqual({ status: 'quarantined', faults: 10 });
    expect(await row(id)).toMatchObject({ status: 'quarantined', due_in_ms: null });
  });
});

describe('a probe', () => {
  it.each(['held', 'retrying'] as const)('that fails is recorded in a %s row and uses up no attempt, however often', async (status) => {
    const id = await make(status, { attempts: 3, dueInMs: hour });
    const { rows } = await database.db.query('select next_attempt_at from deliveries where id = $1', [uuidOf(id)]);
    for (const retryInMs of [hour, null]) {
      expect(await record(attempt(id, 4, 'http_status', { probe: true, retryInMs }))).toBe(status);
      expect(await row(id)).toMatchObject({ status, attempts: 3, unsignalled: false, own_workflow: false, last_message: 'http_status 4' });
    }
    expect((await database.db.query('select next_attempt_at from deliveries where id = $1', [uuidOf(id)])).rows).toEqual(rows);
    expect(await kept(id)).toEqual(['4 http_status', '4 http_status']);
    expect(await record(attempt(id, 4, 'timeout'))).toBe(status);
    expect(await row(id)).toMatchObject({ attempts: 4, last_outcome: 'timeout', due_in_ms: hour });
  });

  it('that is accepted counts like any acceptance', async () => {
    const id = await make('held', { attempts: 3, dueInMs: hour });
    expect(await record(attempt(id, 4, 'accepted', { probe: true }))).toBe('succeeded');
    expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 4, due_in_ms: null });
  });

  it('does not change a row that has moved on', async () => {
    const id = await make('cancelled', { attempts: 3, dueInMs: null });
    expect(await record(attempt(id, 4, 'reset', { probe: true }))).toBe('cancelled');
    expect(await row(id)).toMatchObject({ status: 'cancelled', last_outcome: null });
  });
});

it('records attempts of all kinds in one statement, each in its own row', async () => {
  const ids = await Promise.all((['pending', 'held', 'held', 'retrying', 'held'] as const).map((status) => make(status)));
  const [pending = '', held = '', spent = '', accepted = '', probed = ''] = ids;
  const records = [
    attempt(pending, 1, 'reset'),
    attempt(held, 1, 'reset'),
    attempt(spent, 1, 'gone', { retryInMs: null }),
    attempt(newId('dlv'), 1, 'accepted'),
    attempt(accepted, 1, 'accepted'),
    attempt(probed, 1, 'reset', { probe: true }),
  ];
  const statuses = await recordAttempts(database.db, records, testContents(database.db));
  expect(statuses).toEqual(['retrying', 'held', 'dead_lettered', null, 'succeeded', 'held']);
  expect(await Promise.all(ids.map(async (id) => (await row(id)).attempts))).toEqual([1, 1, 1, 1, 0]);
});

it('requests no workflow for a delivery that has one, and neither settles a final delivery nor counts errors for it', async () => {
  const spent = await make('retrying');
  expect(await record(attempt(spent, 1, 'gone', { retryInMs: null }))).toBe('dead_lettered');
  expect(await row(spent)).toMatchObject({ unsignalled: false, own_workflow: false });
  for (const status of deliveryStatuses.filter((each) => !['pending', 'retrying', 'held'].includes(each))) {
    const id = await make(status, { dueInMs: null });
    expect(await settleDelivery(database.db, id, 'expired')).toBe(status);
    expect(await countFault(database.db, id, 'no secret')).toEqual({ status, faults: 0 });
    expect((await row(id)).status).toBe(status);
  }
});

describe('a record without room for a workflow', () => {
  const passed = async (id: string) =>
    (
      await database.db.query(
        'select status, pumped, own_workflow, unsignalled_since is not null as unsignalled, leased_by is not null as leased from deliveries where id = $1',
        [uuidOf(id)],
      )
    ).rows[0];
  const plain = { own_workflow: false, unsignalled: false, leased: false };

  it('passes a refused delivery to the relays, and neither an accepted nor a held one', async () => {
    const [refused, accepted, held] = [await make('pending'), await make('pending'), await make('held')];
    for (const id of [refused, held]) await record(attempt(id, 1, 'reset', { pumped: true }));
    await record(attempt(accepted, 1, 'accepted', { pumped: true }));
    expect(await passed(refused)).toEqual({ ...plain, status: 'retrying', pumped: true });
    expect(await passed(accepted)).toEqual({ ...plain, status: 'succeeded', pumped: false });
    expect(await passed(held)).toEqual({ ...plain, status: 'held', pumped: false });
  });

  it('changes nothing of a row that has moved on', async () => {
    const id = await make('retrying', { attempts: 2 });
    await record(attempt(id, 2, 'reset', { pumped: true }));
    expect(await passed(id)).toMatchObject({ status: 'retrying', pumped: false });
  });

  it('leaves a pumped delivery pumped, also as a dead letter, and ends the lease of its relay alone', async () => {
    const [mine, other] = [newId('rly'), newId('rly')];
    const id = await make('retrying', { attempts: 1, pumped: true, leasedBy: mine });
    await record(attempt(id, 2, 'reset', { leasedBy: other }));
    expect(await passed(id)).toEqual({ ...plain, status: 'retrying', pumped: true, leased: true });
    await record(attempt(id, 3, 'gone', { retryInMs: null, leasedBy: mine }));
    expect(await passed(id)).toEqual({ ...plain, status: 'dead_lettered', pumped: true });
  });

  it('requests no workflow for a dead letter of a lane; with room the lane requests it, pumped before or not', async () => {
    const [full, free] = [await make('held', { attempts: 7 }), await make('held', { attempts: 7, pumped: true })];
    await record(attempt(full, 8, 'gone', { retryInMs: null, pumped: true }));
    await record(attempt(free, 8, 'gone', { retryInMs: null, pumped: false }));
    expect(await passed(full)).toEqual({ ...plain, status: 'dead_lettered', pumped: true });
    expect(await passed(free)).toEqual({ status: 'dead_lettered', pumped: false, own_workflow: true, unsignalled: true, leased: false });
  });
});
