// Commands in the row: the mark for the sweep, and what a retry-now leaves to the attempts after it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordAttempts } from '#db/deliveries/attempts';
import { obeyCommand, takeHurry } from '#db/deliveries/commands';
import { markSignalled, readDeliveryRef, unsignalledDeliveries } from '#db/deliveries/delivery-refs';
import { pumpWord } from '#db/store/listen';
import { createListener } from '#db/store/listener';
import type { Outcome } from '#domain/deliveries/outcome';
import { uuidOf } from '#domain/ids';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { testContents } from '../../support/contents.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { insertForeground } from '../../support/parking.ts';
import { until } from '../../support/until.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

/** A delivery that was refused once and waits for an hour. */
async function inBackoff(attempts = 1): Promise<string> {
  const [endpointId, eventId] = [newId('ep'), newId('evt')];
  await insertForeground(database.db, { tenantId: newId('tnt'), endpointId, eventId });
  await database.db.query(
    `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts, next_attempt_at, last_outcome, last_message)
     select $1, $1, id, tenant_id, 'a.b', 'retrying', $3, now() + interval '1 hour', 'timeout', 'too slow' from endpoints where id = $2`,
    [uuidOf(eventId), uuidOf(endpointId), attempts],
  );
  return eventId;
}

const mark = async (id: string) => (await readDeliveryRef(database.db, id))?.unsignalledSince ?? null;
const found = async () => (await unsignalledDeliveries(database.db, 500)).map(({ deliveryId }) => uuidOf(deliveryId));
const row = async (id: string) =>
  (
    await database.db.query(
      'select status, round, attempts, last_outcome, last_message, hurried, next_attempt_at <= now() as due from deliveries where id = $1',
      [uuidOf(id)],
    )
  ).rows[0];

async function record(deliveryId: string, number: number, outcome: Outcome): Promise<void> {
  const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 1 };
  const result = { outcome, message: outcome, response: null, timings, address: null, retryAfterMs: null };
  const retryInMs = outcome === 'accepted' || number > 2 ? null : 3_600_000;
  await recordAttempts(
    database.db,
    [{ attemptId: newId('att'), deliveryId, round: 1, number, startedAt: new Date(), result, retryInMs }],
    testContents(database.db),
  );
}

describe('the mark', () => {
  it('is set by a command from outside, and found by the sweep after 10 s until it is cleared', async () => {
    const id = await inBackoff();
    await obeyCommand(database.db, id, { kind: 'cancel' }, 'outside');
    expect(await found()).not.toContain(uuidOf(id));
    await database.db.query(`update deliveries set unsignalled_since = unsignalled_since - interval '11 seconds' where id = $1`, [
      uuidOf(id),
    ]);
    expect(await found()).toContain(uuidOf(id));
    await markSignalled(database.db, id, (await mark(id)) ?? '');
    expect([await mark(id), await found()]).toEqual([null, expect.not.arrayContaining([uuidOf(id)])]);
  });

  it('of a later command is not cleared by the earlier one', async () => {
    const id = await inBackoff();
    await obeyCommand(database.db, id, { kind: 'retry-now' }, 'outside');
    const first = await mark(id);
    await obeyCommand(database.db, id, { kind: 'cancel' }, 'outside');
    const second = await mark(id);
    await markSignalled(database.db, id, first ?? '');
    expect(await mark(id)).toBe(second);
  });

  it('is not set by a command of the workflow, nor by one that the status does not allow', async () => {
    const [id, other] = [await inBackoff(), await inBackoff()];
    expect(await obeyCommand(database.db, id, { kind: 'retry-now' }, 'workflow')).toMatchObject({ obeyed: true });
    expect(await obeyCommand(database.db, other, { kind: 'release' }, 'outside')).toMatchObject({ obeyed: false, status: 'retrying' });
    expect([await mark(id), await mark(other)]).toEqual([null, null]);
  });
});

describe('a retry-now', () => {
  it.each<[string, boolean, Outcome, number, object]>([
    ['given during a request, refused: due at once', false, 'timeout', 2, { status: 'retrying', hurried: true, due: true }],
    ['taken by the request, refused: due on schedule', true, 'timeout', 2, { status: 'retrying', hurried: false, due: false }],
    ['given during a request, accepted: over', false, 'accepted', 2, { status: 'succeeded', hurried: false, due: null }],
    ['given during the last request, refused: a dead letter', false, 'timeout', 3, { status: 'dead_lettered', hurried: false, due: null }],
  ])('%s', async (_name, taken, outcome, number, after) => {
    const id = await inBackoff(number - 1);
    await obeyCommand(database.db, id, { kind: 'retry-now' }, 'outside');
    if (taken) await takeHurry(database.db, id);
    await record(id, number, outcome);
    expect(await row(id)).toMatchObject(after);
  });
});

it('a second replay by its own workflow, after the first one was delivered, sends nothing again', async () => {
  const id = await inBackoff();
  const setStatus = (status: string) => database.db.query('update deliveries set status = $2 where id = $1', [uuidOf(id), status]);
  await setStatus('dead_lettered');
  const signalled = (replayId: string) => obeyCommand(database.db, id, { kind: 'replay', replayId }, 'workflow');
  expect(await signalled('run/1')).toMatchObject({ obeyed: true, status: 'pending' });
  await setStatus('succeeded');
  expect(await signalled('run/2')).toMatchObject({ obeyed: false, status: 'succeeded' });
  expect(await row(id)).toMatchObject({ status: 'succeeded', round: 2 });
  // the activity that obeyed the first one may be repeated
  expect(await signalled('run/1')).toMatchObject({ obeyed: true });
  // a person may replay what succeeded
  expect(await obeyCommand(database.db, id, { kind: 'replay', replayId: 'api' }, 'outside')).toMatchObject({ obeyed: true });
  expect(await row(id)).toMatchObject({ status: 'pending', round: 3 });
});

it('a replay begins the next round as pending, without the outcome of the last one', async () => {
  const id = await inBackoff();
  await database.db.query(`update deliveries set status = 'dead_lettered', next_attempt_at = null where id = $1`, [uuidOf(id)]);
  const replay = { kind: 'replay', replayId: 'once' } as const;
  for (let n = 0; n < 2; n++)
    expect(await obeyCommand(database.db, id, replay, 'outside')).toMatchObject({ obeyed: true, status: 'pending' });
  expect(await row(id)).toMatchObject({ status: 'pending', round: 2, attempts: 0, last_outcome: null, last_message: null, due: true });
});

it.each([
  [0, 'pending'],
  [3, 'retrying'],
])('a release after %i attempts makes it %s', async (attempts, status) => {
  const id = await inBackoff(attempts);
  await database.db.query(`update deliveries set status = 'quarantined', next_attempt_at = null where id = $1`, [uuidOf(id)]);
  expect(await obeyCommand(database.db, id, { kind: 'release' }, 'outside')).toMatchObject({ obeyed: true, status });
});

describe('a pumped delivery', () => {
  /** As a relay has leased it. */
  async function pumped(status = 'retrying'): Promise<string> {
    const id = await inBackoff();
    await database.db.query('update deliveries set status = $2, pumped = true, leased_by = $1 where id = $1', [uuidOf(id), status]);
    return id;
  }
  const owner = async (id: string) =>
    (await database.db.query('select status, pumped, leased_by is not null as leased from deliveries where id = $1', [uuidOf(id)])).rows[0];

  it('is due after a retry-now, of which the relays are notified and its workflow is not', async () => {
    const words: string[] = [];
    const stop = createListener(database.db, createLogger('silent')).on('posthorn_outbox', (word) => words.push(word));
    await until('to listen', () => words.includes(''));
    const id = await pumped();
    for (const from of ['outside', 'workflow'] as const) {
      expect(await obeyCommand(database.db, id, { kind: 'retry-now' }, from)).toMatchObject({ obeyed: true, toldRelays: true });
    }
    await until('two words', () => words.filter((word) => word === pumpWord).length === 2);
    expect(await row(id)).toMatchObject({ hurried: true, due: true });
    // the request was in flight: its refusal leaves the delivery due, and notifies again
    await record(id, 2, 'timeout');
    await until('the third word', () => words.filter((word) => word === pumpWord).length === 3);
    stop();
    expect(await row(id)).toMatchObject({ attempts: 2, due: true });
    expect([await mark(id), await owner(id)]).toEqual([null, { status: 'retrying', pumped: true, leased: true }]);
  });

  it('that is held is its lane’s: the lane is signalled', async () => {
    const id = await pumped('held');
    expect(await obeyCommand(database.db, id, { kind: 'retry-now' }, 'outside')).toMatchObject({ obeyed: true, toldRelays: false });
    expect(await mark(id)).not.toBeNull();
  });

  it.each([
    ['dead_lettered', { kind: 'replay', replayId: 'one' }, 'pending'],
    ['succeeded', { kind: 'replay', replayId: 'two' }, 'pending'],
    ['quarantined', { kind: 'release' }, 'retrying'],
  ] as const)('that is %s is its workflow’s again after %o', async (status, command, then) => {
    const id = await pumped(status);
    expect(await obeyCommand(database.db, id, command, 'outside')).toMatchObject({ obeyed: true, toldRelays: false });
    expect(await mark(id)).not.toBeNull();
    expect(await owner(id)).toEqual({ status: then, pumped: false, leased: false });
  });

  it('is cancelled as any other, and its workflow told, which may be open', async () => {
    for (const status of ['retrying', 'dead_lettered']) {
      const id = await pumped(status);
      expect(await obeyCommand(database.db, id, { kind: 'cancel' }, 'outside')).toMatchObject({ obeyed: true, status: 'cancelled' });
      expect(await mark(id)).not.toBeNull();
    }
  });
});
