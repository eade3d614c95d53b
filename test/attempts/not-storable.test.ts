// PostgreSQL refuses the data of an attempt. The recorder stores as much as possible and always
// changes the delivery's row: a row that stayed due would be posted again and again.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Recorder } from '#attempts/recorder';
import type { AttemptRecord } from '#db/deliveries/attempts';
import { overdueDeliveries } from '#db/deliveries/delivery-refs';
import type { Outcome } from '#domain/deliveries/outcome';
import { deliveryId, uuidOf } from '#domain/ids';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { testContents } from '../support/contents.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertForeground } from '../support/parking.ts';

const refused = '192.0.2.66';
const hour = 3_600_000;
let database: TestDatabase;
let recorder: Recorder;
beforeAll(async () => {
  database = await createTestDatabase();
  recorder = new Recorder(database.db, testContents(database.db), createLogger('silent'));
  await database.db.query(`alter table attempts add constraint refuses check (address <> '${refused}')`);
});
afterAll(() => database?.drop());

/** An event and an endpoint, with or without the row of the delivery. The row has been due for an hour. */
async function delivery(status: 'pending' | 'held' | null) {
  const ids = { eventId: newId('evt'), endpointId: newId('ep'), tenantId: newId('tnt') };
  const id = deliveryId(ids.eventId, ids.endpointId);
  await insertForeground(database.db, ids);
  if (status)
    await database.db.query(
      `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, next_attempt_at)
       values ($1, $2, $3, $4, 'a.b', $5, now() - interval '1 hour')`,
      [uuidOf(id), uuidOf(ids.eventId), uuidOf(ids.endpointId), uuidOf(ids.tenantId), status],
    );
  return { deliveryId: id, ...ids, eventType: 'a.b', expiresAt: null };
}

function attempt(of: { deliveryId: string }, outcome: Outcome, retryInMs: number | null, address = refused): AttemptRecord {
  const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 1 };
  const result = { outcome, message: outcome, response: null, timings, address, retryAfterMs: null };
  return { attemptId: newId('att'), deliveryId: of.deliveryId, round: 1, number: 1, startedAt: new Date(), result, retryInMs };
}

async function rowOf(of: { deliveryId: string }) {
  const { rows } = await database.db.query(
    `select status, attempts, last_outcome, next_attempt_at > now() as later,
       (select count(*)::int from attempts a where a.delivery_id = d.id) as kept
     from deliveries d where id = $1`,
    [uuidOf(of.deliveryId)],
  );
  return rows[0];
}

/** The sweep would start this delivery again. */
const isSwept = async (of: { deliveryId: string }) =>
  (await overdueDeliveries(database.db, null, 1_000)).some((one) => one.deliveryId === of.deliveryId);

describe.each<[string, Outcome, number | null, object]>([
  ['an acceptance', 'accepted', null, { status: 'succeeded', attempts: 1, last_outcome: 'accepted', later: null }],
  ['a failure', 'http_status', hour, { status: 'retrying', attempts: 1, last_outcome: 'http_status', later: true }],
  ['the last failure', 'http_status', null, { status: 'dead_lettered', attempts: 1, last_outcome: 'http_status', later: null }],
])('an attempt whose response cannot be stored (%s)', (_name, outcome, retryInMs, after) => {
  it('still changes the delivery row', async () => {
    const of = await delivery('pending');
    expect(await isSwept(of)).toBe(true);
    expect(await recorder.record(attempt(of, outcome, retryInMs))).toBe(Reflect.get(after, 'status'));
    expect(await rowOf(of)).toEqual({ ...after, kept: 0 });
    expect(await isSwept(of)).toBe(false);
  });

  it('still creates the row of a first attempt', async () => {
    const of = await delivery(null);
    expect(await recorder.recordFirst({ ...of, attempt: attempt(of, outcome, retryInMs) })).toBe(Reflect.get(after, 'status'));
    expect(await rowOf(of)).toEqual({ ...after, kept: 0 });
  });
});

it.each(['pending', 'held', null] as const)(
  'an outcome that no row can take puts the delivery into quarantine (row before: %s)',
  async (before) => {
    const of = await delivery(before);
    // longer than the longest interval of PostgreSQL
    const endless = attempt(of, 'http_status', 1e300, '192.0.2.1');
    const recorded = before ? recorder.record(endless) : recorder.recordFirst({ ...of, attempt: endless });
    expect(await recorded).toBe('quarantined');
    expect(await rowOf(of)).toEqual({ status: 'quarantined', attempts: 0, last_outcome: null, later: null, kept: 0 });
    expect(await isSwept(of)).toBe(false);
  },
);

it('an attempt that cannot be stored does not affect the others of its group commit', async () => {
  const [bad, good] = [await delivery('pending'), await delivery('pending')];
  const both = [recorder.record(attempt(bad, 'accepted', null)), recorder.record(attempt(good, 'accepted', null, '192.0.2.1'))];
  expect(await Promise.all(both)).toEqual(['succeeded', 'succeeded']);
  expect([(await rowOf(bad)).kept, (await rowOf(good)).kept]).toEqual([0, 1]);
});

it('an attempt of a delivery whose partition was dropped resolves to null and does not wait', async () => {
  const of = { deliveryId: 'dlv_00000000000070008000000000000001' };
  expect(await recorder.record(attempt(of, 'accepted', null))).toBeNull();
  expect(recorder.unrecorded()).toBe(0);
});
