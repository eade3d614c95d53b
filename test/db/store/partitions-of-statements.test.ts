// The statements on the way of an event plan only the partitions of its ids, however many days are stored. A plan locks the
// partitions that it looks at, so the locks of a transaction show them.
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bySystem } from '#db/audit/audit';
import { recordAttempts } from '#db/deliveries/attempts';
import { takeHurry } from '#db/deliveries/commands';
import { countFault, deferDelivery, quarantineDelivery, readDeliveryState, settleDelivery } from '#db/deliveries/deliveries';
import { markSignalled, namedDeliveries, readDeliveryRef, startableDeliveries } from '#db/deliveries/delivery-refs';
import { readMatches } from '#db/deliveries/explanations';
import { leaseFirstAttempt } from '#db/deliveries/first-attempt-lease';
import { readMissed, takeMissed } from '#db/deliveries/missed';
import { giveNumbers } from '#db/deliveries/missed-numbers';
import { duePumped, leasePumped } from '#db/deliveries/pumped';
import { openDeadLetters } from '#db/deliveries/unopened';
import { setDoneByDelivery } from '#db/events/dispatches';
import { existingDeliveries, readOwned, takeOutboxRows } from '#db/events/outbox';
import { insertDeliveries } from '#db/events/plan';
import { readContents } from '#db/events/read-content';
import { readRecalled, recallEvent } from '#db/events/recall';
import { createDeliveries, openNextRound } from '#db/replays/handed-over';
import { scanEvents } from '#db/replays/never-attempted';
import { countResults } from '#db/replays/results';
import { countDeliveries, type Selected, scanDeliveries } from '#db/replays/selection';
import { makePartitions } from '#db/store/partitions';
import type { Db } from '#db/store/pool';
import { deliveryId, firstUuidAt } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { testContents } from '../../support/contents.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await makePartitions(database.db, 30);
});
afterAll(() => database?.drop());

const [eventId, endpointId, relayId, dispatchId, tenantId] = [newId('evt'), newId('ep'), newId('rly'), newId('dsp'), newId('tnt')];
const delivery = deliveryId(eventId, endpointId);
const event = { eventId, tenantId, type: 'a.b', channels: [], deliverAt: null, expiresAt: null, onlyEndpointId: null };
const explained = {
  ...{ eventId, tenantId, type: 'a.b', channels: [], onlyEndpoint: null, content: async () => null },
  ...{ expiresAt: null, erasedAt: null, recalledAt: null },
};
const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 1 };
const attempt = {
  attemptId: newId('att'),
  deliveryId: delivery,
  round: 1,
  number: 1,
  startedAt: new Date(),
  result: { outcome: 'timeout', message: 'x', response: null, address: null, timings, retryAfterMs: null } as const,
  retryInMs: 1_000,
};

const asOf = new Date().toISOString();
const job = { replayId: newId('rpl'), now: asOf };
const day = firstUuidAt(Date.now() - 86_400_000);
/** Of 30 days, of all kinds. */
const selected: Selected = {
  ...{
    tenantId: null,
    endpointId: null,
    statuses: ['dead_lettered'],
    types: [],
    neverAttempted: true,
    target: 'current',
    deliveries: null,
    asOf,
  },
  ...{ from: day, below: firstUuidAt(Date.now() + 29 * 86_400_000) },
};
const due = { deliveryId: delivery, dueInMs: 0, eventId, endpointId, tenantId };

it.each<[string, (db: Db) => Promise<unknown>]>([
  ['insertDeliveries', (db) => insertDeliveries(db, dispatchId, event, [endpointId])],
  ['startableDeliveries', (db) => startableDeliveries(db, [eventId], null, 10)],
  ['namedDeliveries', (db) => namedDeliveries(db, [eventId], 10)],
  ['existingDeliveries', (db) => existingDeliveries(db, [eventId])],
  ['leaseFirstAttempt', (db) => leaseFirstAttempt(db, delivery, 1_000)],
  ['setDoneByDelivery', (db) => setDoneByDelivery(db, dispatchId, delivery)],
  ['recordAttempts', (db) => recordAttempts(db, [attempt], testContents(database.db))],
  ['readOwned', (db) => readOwned(db, relayId, [eventId])],
  ['takeOutboxRows', (db) => takeOutboxRows(db, relayId, { except: [], afterTenant: null, limit: 10 })],
  ['duePumped', (db) => duePumped(db, { day: Math.floor(Date.now() / 86_400_000), relayId, inFlight: [], most: 10, takesOver: true })],
  ['leasePumped', (db) => leasePumped(db, [delivery], { relayId, takesOver: true })],
  ['openDeadLetters', (db) => openDeadLetters(db, [delivery])],
  ['giveNumbers', (db) => giveNumbers(db, endpointId, [delivery], 0)],
  ['readMissed', (db) => readMissed(db, [{ number: 1, deliveryId: delivery }], true)],
  ['takeMissed', (db) => takeMissed(db, [{ number: 1, deliveryId: delivery }])],
  ['readMatches', (db) => readMatches(db, explained, { endpointId: null, after: null, limit: 10 })],
  ['readRecalled', (db) => readRecalled(db, eventId)],
  ['recallEvent', (db) => recallEvent(db, testContents(database.db), { tenantId, eventId, externalId: 'x' }, bySystem('event.recall'))],
  ['readDeliveryState', (db) => readDeliveryState(db, delivery)],
  ['readDeliveryRef', (db) => readDeliveryRef(db, delivery)],
  ['settleDelivery', (db) => settleDelivery(db, delivery, 'cancelled')],
  ['deferDelivery', (db) => deferDelivery(db, delivery, 1_000)],
  ['countFault', (db) => countFault(db, delivery, 'x')],
  ['quarantineDelivery', (db) => quarantineDelivery(db, delivery, 'x')],
  ['takeHurry', (db) => takeHurry(db, delivery)],
  ['scanDeliveries', (db) => scanDeliveries(db, testContents(database.db), selected, day, 100)],
  [
    'scanDeliveries of an endpoint, with all statuses',
    (db) => scanDeliveries(db, testContents(database.db), { ...selected, endpointId, statuses: ['dead_lettered', 'succeeded'] }, day, 100),
  ],
  ['readContents', (db) => readContents(db, testContents(database.db), [eventId])],
  ['countDeliveries', (db) => countDeliveries(db, selected, day)],
  ['scanEvents', (db) => scanEvents(db, testContents(database.db), selected, day, 100)],
  ['openNextRound', (db) => openNextRound(db, { ...job, selected }, [due])],
  ['createDeliveries', (db) => createDeliveries(db, job, [due])],
  ['countResults', (db) => countResults(db, job.replayId, null, false)],
  ['markSignalled', (db) => markSignalled(db, delivery, '2026-01-01 00:00:00+00')],
])('%s, on a connection that runs it for the seventh time', async (_name, run) => {
  const client: pg.PoolClient = await database.db.connect();
  try {
    const db: Db = { query: client.query.bind(client) as Db['query'], connect: database.db.connect.bind(database.db) };
    for (let times = 0; times < 7; times++) {
      await client.query('begin');
      await run(db);
      const { rows } = await client.query<{ locked: string }>(`
        select distinct c.relname as locked from pg_locks l join pg_class c on c.oid = l.relation
        where l.pid = pg_backend_pid() and c.relkind = 'r' and c.relname ~ '^(deliveries|events|attempts)_[0-9]{8}$'`);
      const days = new Set(rows.map(({ locked }) => locked.slice(-8)));
      await client.query('rollback');
      expect([...days].length).toBeLessThanOrEqual(1);
    }
  } finally {
    client.release();
  }
});
