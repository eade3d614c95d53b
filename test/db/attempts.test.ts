// What the record of an attempt makes of a delivery that waits for its lane, and of one that is under way.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AttemptRecord, recordAttempts } from '#db/deliveries/attempts';
import { countFault, settleDelivery } from '#db/deliveries/deliveries';
import { recordFirstAttempts } from '#db/deliveries/first-attempts';
import { type DeliveryStatus, deliveryStatuses } from '#domain/delivery';
import { uuidOf } from '#domain/ids';
import type { Outcome } from '#domain/outcome';
import { newId } from '#runtime/new-id';
import { testContents } from '../support/contents.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

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
}

/** A row as parking leaves it: of no workflow, due so soon; returns its id. */
async function make(
  status: DeliveryStatus,
  { attempts = 0, faults = 0, dueInMs = -1_000, expiresInMs = null }: Made = {},
): Promise<string> {
  const id = newId('dlv');
  await database.db.query(
    `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts, faults, next_attempt_at, expires_at, own_workflow)
     values ($1, $1, $1, $1, 'test', $2, $3, $4, now() + $5::float8 * interval '1 ms', now() + $6::float8 * interval '1 ms', false)`,
    [uuidOf(id), status, attempts, faults, dueInMs, expiresInMs],
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
      `select status, attempts, faults, orders - orders_told as untold, own_workflow, last_outcome, last_message,
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
  it('stays with its lane when it is refused, spends an attempt and is due when its schedule says', async () => {
    const id = await make('held', { attempts: 1, faults: 3 });
    expect(await record(attempt(id, 2, 'http_status'))).toBe('held');
    expect(await row(id)).toEqual({
      status: 'held',
      attempts: 2,
      faults: 0,
      untold: 0,
      own_workflow: false,
      last_outcome: 'http_status',
      last_message: 'http_status 2',
      due_in_ms: hour,
    });
    const mortal = await make('held', { expiresInMs: 60_000 });
    expect(await record(attempt(mortal, 1, 'timeout'))).toBe('held');
    expect((await row(mortal)).due_in_ms).toBeLessThanOrEqual(60_000);
  });

  it('is succeeded when it is accepted, and asks for no workflow', async () => {
    const id = await make('held', { attempts: 1 });
    expect(await record(attempt(id, 2, 'accepted'))).toBe('succeeded');
    expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 2, untold: 0, own_workflow: false, due_in_ms: null });
  });

  it('is a dead letter when it is spent, and asks once for its workflow', async () => {
    const id = await make('held', { attempts: 7 });
    const spent = attempt(id, 8, 'http_status', { retryInMs: null });
    for (let i = 0; i < 2; i++) {
      expect(await record(spent)).toBe('dead_lettered');
      expect(await row(id)).toMatchObject({ status: 'dead_lettered', attempts: 8, untold: 1, own_workflow: true, due_in_ms: null });
    }
    expect(await kept(id)).toEqual(['8 http_status']);
  });

  it('is left alone by a refusal of another round or attempt, which is kept', async () => {
    const id = await make('held', { attempts: 2 });
    const before = await row(id);
    for (const late of [attempt(id, 2, 'reset'), attempt(id, 3, 'reset', { round: 2 })]) expect(await record(late)).toBe('held');
    expect(await row(id)).toEqual(before);
    expect(await kept(id)).toEqual(['2 reset', '3 reset']);
  });

  it('whose first attempt was already under way when it was parked stays held when that is refused', async () => {
    const id = await make('held');
    const refused = attempt(id, 1, 'timeout');
    const event = { eventId: newId('evt'), endpointId: newId('ep'), tenantId: newId('tnt'), eventType: 'test', expiresAt: null };
    expect(await recordFirstAttempts(database.db, [{ ...event, deliveryId: id, attempt: refused }], testContents(database.db))).toEqual([
      null,
    ]);
    expect(await row(id)).toMatchObject({ status: 'held', attempts: 0 });
    expect(await record(refused)).toBe('held');
    expect(await row(id)).toMatchObject({ status: 'held', attempts: 1, untold: 0, own_workflow: false, due_in_ms: hour });
    expect(await kept(id)).toEqual(['1 timeout']);
  });

  it.each(['cancelled', 'expired'] as const)('can be %s', async (status) => {
    const id = await make('held');
    expect(await settleDelivery(database.db, id, status)).toBe(status);
    expect(await row(id)).toMatchObject({ status, due_in_ms: null });
  });

  it('goes to quarantine by its tenth fault', async () => {
    const id = await make('held', { faults: 8 });
    expect(await countFault(database.db, id, 'no secret')).toEqual({ status: 'held', faults: 9 });
    expect(await row(id)).toMatchObject({ status: 'held', attempts: 0, last_message: 'no secret' });
    expect(await countFault(database.db, id, 'no secret')).toEqual({ status: 'quarantined', faults: 10 });
    expect(await row(id)).toMatchObject({ status: 'quarantined', due_in_ms: null });
  });
});

describe('a probe', () => {
  it.each(['held', 'retrying'] as const)(
    'that is refused says so in a row that is %s and spends nothing, however often',
    async (status) => {
      const id = await make(status, { attempts: 3, dueInMs: hour });
      const { rows } = await database.db.query('select next_attempt_at from deliveries where id = $1', [uuidOf(id)]);
      for (const retryInMs of [hour, null]) {
        expect(await record(attempt(id, 4, 'http_status', { probe: true, retryInMs }))).toBe(status);
        expect(await row(id)).toMatchObject({ status, attempts: 3, untold: 0, own_workflow: false, last_message: 'http_status 4' });
      }
      expect((await database.db.query('select next_attempt_at from deliveries where id = $1', [uuidOf(id)])).rows).toEqual(rows);
      expect(await kept(id)).toEqual(['4 http_status', '4 http_status']);
      expect(await record(attempt(id, 4, 'timeout'))).toBe(status);
      expect(await row(id)).toMatchObject({ attempts: 4, last_outcome: 'timeout', due_in_ms: hour });
    },
  );

  it('that is accepted counts as any acceptance', async () => {
    const id = await make('held', { attempts: 3, dueInMs: hour });
    expect(await record(attempt(id, 4, 'accepted', { probe: true }))).toBe('succeeded');
    expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 4, due_in_ms: null });
  });

  it('says nothing in a row that has moved on', async () => {
    const id = await make('cancelled', { attempts: 3, dueInMs: null });
    expect(await record(attempt(id, 4, 'reset', { probe: true }))).toBe('cancelled');
    expect(await row(id)).toMatchObject({ status: 'cancelled', last_outcome: null });
  });
});

it('records of all kinds share a statement, and each row gets its own', async () => {
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
  const said = await recordAttempts(database.db, records, testContents(database.db));
  expect(said).toEqual(['retrying', 'held', 'dead_lettered', null, 'succeeded', 'held']);
  expect(await Promise.all(ids.map(async (id) => (await row(id)).attempts))).toEqual([1, 1, 1, 1, 0]);
});

it('what is under way is spent without asking for the workflow it has, and what is finished is neither settled nor faulted', async () => {
  const spent = await make('retrying');
  expect(await record(attempt(spent, 1, 'gone', { retryInMs: null }))).toBe('dead_lettered');
  expect(await row(spent)).toMatchObject({ untold: 0, own_workflow: false });
  for (const status of deliveryStatuses.filter((each) => !['pending', 'retrying', 'held'].includes(each))) {
    const id = await make(status, { dueInMs: null });
    expect(await settleDelivery(database.db, id, 'expired')).toBe(status);
    expect(await countFault(database.db, id, 'no secret')).toEqual({ status, faults: 0 });
    expect((await row(id)).status).toBe(status);
  }
});
