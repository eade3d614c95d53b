// The statistics agree with the stored attempts, whatever is recorded late, runs twice, overlaps or dies.
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AttemptRecord, recordAttempts } from '#db/deliveries/attempts';
import { recordFirstAttempts } from '#db/deliveries/first-attempts';
import { countMinutes, finishMinutes } from '#db/stats/roll-up';
import { oldestWriter } from '#db/store/oldest-writer';
import type { Db } from '#db/store/pool';
import type { Outcome } from '#domain/deliveries/outcome';
import { deliveryId, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { testContents } from '../../support/contents.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { isLong } from '../../support/long.ts';
import { until } from '../../support/until.ts';
import { expected, storedHours, storedMinutes } from './counted.ts';

const [minuteMs, hourMs] = [60_000, 3_600_000];
let database: TestDatabase;
let db: Db;
beforeEach(async () => {
  database = await createTestDatabase();
  db = database.db;
});
afterEach(() => database?.drop());

const tenants = [newId('tnt'), newId('tnt')];
const endpoints = Array.from({ length: 4 }, () => newId('ep'));
let n = 0;

const kinds: [Outcome, number | null][] = [
  ['accepted', 200],
  ['accepted', 204],
  ['http_status', 503],
  ['timeout', null],
];

/** An attempt that started so long ago, and is recorded now. */
function attempt(delivery: string, agoMs: number, number = 1): AttemptRecord {
  const [outcome, statusCode] = kinds[n % kinds.length] ?? ['timeout', null];
  const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: (n * 37.7) % 2_000 };
  const response = statusCode === null ? null : { statusCode, headers: [], bodyStart: new Uint8Array(), bodyTruncated: false };
  const result = { outcome, message: 'x', response, timings, address: null, retryAfterMs: null };
  const retryInMs = outcome === 'accepted' ? null : hourMs;
  return { attemptId: newId('att'), deliveryId: delivery, round: 1, number, startedAt: new Date(Date.now() - agoMs), result, retryInMs };
}

/** A delivery whose first attempt started so long ago. Returns its id. */
async function recordFirst(agoMs: number, at = db): Promise<string> {
  n++;
  const eventId = newId('evt');
  const endpointId = endpoints[n % endpoints.length] ?? '';
  const id = deliveryId(eventId, endpointId);
  const known = { deliveryId: id, eventId, endpointId, tenantId: tenants[n % 2] ?? '', eventType: 'a.b', expiresAt: null };
  await recordFirstAttempts(at, [{ ...known, attempt: attempt(id, agoMs) }], testContents(db));
  return id;
}

const recordAgain = (delivery: string, agoMs: number) => recordAttempts(db, [attempt(delivery, agoMs, 2)], testContents(db));

/** Stored at some time within the last day, as if the statistics had not been counted since. Includes all of the minutes before. */
async function storeDay(deliveries: number): Promise<void> {
  await db.query(
    `with made as (
       select i, now() - i * interval '24 hours' / $1::int as at, ($2::uuid[])[1 + i % 4] as endpoint_id, ($3::uuid[])[1 + i % 2] as tenant_id
       from generate_series(1, $1::int) i
     ), ids as (
       select *, (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7000' || '8' || substr(md5(i::text), 1, 15))::uuid as id from made
     ), events_too as (
       insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, position, accepted_at)
       select id, tenant_id, i, 'a.b', '{}', '', '', i, at from ids
     ), deliveries_too as (
       insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, created_at)
       select id, id, endpoint_id, tenant_id, 'a.b', 'succeeded', at from ids
     )
     insert into attempts (delivery_id, id, round, number, started_at, outcome, message, status_code, total_ms)
     select id, id, 1, 1, at, case when i % 7 = 0 then 'timeout' else 'accepted' end, '', case when i % 7 = 0 then null else 200 end, exp(i % 11)
     from ids`,
    [deliveries, endpoints.map(uuidOf), tenants.map(uuidOf)],
  );
}

async function finishAll(most = 360): Promise<void> {
  while ((await finishMinutes(db, most)) > 0);
}

async function expectAgreement(): Promise<void> {
  await finishMinutes(db, 360);
  await countMinutes(db);
  expect(await storedMinutes(db)).toEqual(await expected(db, minuteMs));
}

/** The hours hold the final minutes, so all of those of earlier hours. */
async function expectHours(): Promise<void> {
  const { rows } = await db.query<{ hour: Date }>(`select date_trunc('hour', final_until, 'UTC') as hour from stats_progress`);
  const hour = rows[0]?.hour ?? new Date();
  const before = ({ at }: { at: Date }) => at < hour;
  expect((await storedHours(db)).filter(before)).toEqual((await expected(db, hourMs)).filter(before));
}

/** Lets the minutes before this one be final, as if the attempts of the next test were recorded long after. */
const pretendFinal = (at: Date) =>
  db.query('insert into stats_progress (final_until) values ($1) on conflict (one) do update set final_until = $1', [at]);

describe('the statistics', () => {
  beforeEach(() => storeDay(600));

  it('of a day away agree with the attempts, by minute and hour', async () => {
    await finishAll();
    await expectAgreement();
    await expectHours();
    const { rows } = await db.query('select count(*)::int as hours from stats_hours');
    expect(rows[0]?.hours).toBeGreaterThan(150);
  });

  it('do not count twice when runs overlap', async () => {
    await Promise.all(Array.from({ length: 4 }, () => Promise.all([finishAll(200), countMinutes(db), finishAll(77)])));
    await expectAgreement();
    await expectHours();
  });

  it('are as before when a run dies before its commit', async () => {
    const dying = { query: db.query, connect: async () => dyingClient(await database.db.connect()) } as Db;
    await finishMinutes(db, 100);
    const before = [await storedMinutes(db), await storedHours(db)];
    await expect(finishMinutes(dying, 360)).rejects.toThrow();
    await expect(countMinutes(dying)).rejects.toThrow();
    expect([await storedMinutes(db), await storedHours(db)]).toEqual(before);
    await finishAll();
    await expectAgreement();
    await expectHours();
  });

  it('contain attempts that are recorded later than their minute was counted', async () => {
    await finishAll();
    const late = await Promise.all([50_000, 3 * minuteMs, 5 * hourMs, 23 * hourMs].map((agoMs) => recordFirst(agoMs)));
    await recordAgain(late[1] ?? '', 2 * hourMs);
    await expectAgreement();
    await expectHours();
    // a second run of the same record is no second attempt
    const again = { ...attempt(late[0] ?? '', 2 * hourMs, 2) };
    for (let run = 0; run < 3; run++) await recordAttempts(db, [again], testContents(db));
    await pretendFinal(new Date(Math.floor(Date.now() / minuteMs - 3) * minuteMs));
    await finishMinutes(db, 1);
    await recordAttempts(db, [again], testContents(db));
    await expectAgreement();
    expect((await db.query('select from late_attempts')).rowCount).toBe(0);
  });

  it('contain what is recorded after the clock of the database was set back', async () => {
    await finishAll();
    await pretendFinal(new Date((Math.floor(Date.now() / hourMs) + 1) * hourMs));
    const id = await recordFirst(0);
    await finishMinutes(db, 10);
    const found = await storedMinutes(db);
    const { rows } = await db.query(`select date_trunc('minute', started_at) as at from attempts where delivery_id = $1`, [uuidOf(id)]);
    const platform = found.find((line) => line.id.startsWith('00000000') && line.at.getTime() === rows[0]?.at.getTime());
    expect((platform?.delivered ?? 0) + (platform?.failed ?? 0)).toBe(1);
  });
});

describe('a minute is not final', () => {
  it('while a transaction that began before its end may still store something', async () => {
    const client = await database.db.connect();
    try {
      await client.query('begin');
      const { rows } = await client.query<{ at: Date }>(
        `insert into late_attempts select gen_random_uuid(), gen_random_uuid() returning now() as at`,
      );
      const began = rows[0]?.at.getTime() ?? 0;
      await until('a later moment', async () => (await db.query('select now() as now')).rows[0].now.getTime() > began + 20);
      expect((await oldestWriter(db)).getTime()).toBe(began);
      await client.query('commit');
      expect((await oldestWriter(db)).getTime()).toBeGreaterThan(began);
    } finally {
      client.release();
    }
  });

  it('until no attempt can be stored any more without being marked as late', async () => {
    await recordFirst(0);
    await finishAll();
    const { rows } = await db.query<{ ago: number }>(
      'select extract(epoch from clock_timestamp() - final_until)::float8 as ago from stats_progress',
    );
    expect(rows[0]?.ago).toBeGreaterThanOrEqual(50);
  });
});

// each step: an attempt that started so many seconds ago, or a run
const step = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 400 }).map((seconds) => ({ kind: 'attempt', by: seconds * 1_000 }) as const) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 5 }).map((most) => ({ kind: 'finish', by: most }) as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'count', by: 0 } as const) },
);

describe('in any order of attempts and runs', () => {
  let start: Date;
  beforeAll(() => {
    start = new Date(Math.floor(Date.now() / minuteMs - 8) * minuteMs);
  });

  it('each attempt is counted once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20 }), async (steps) => {
        await db.query('truncate attempts, deliveries, events, late_attempts, stats_minutes, stats_hours, stats_progress');
        await pretendFinal(start);
        for (const { kind, by } of steps) {
          if (kind === 'attempt') await recordFirst(by);
          else if (kind === 'finish') await finishMinutes(db, by);
          else await countMinutes(db);
        }
        await finishAll(1);
        await expectAgreement();
        await expectHours();
      }),
      { numRuns: isLong ? 200 : 8 },
    );
  });
});

/** A client whose connection ends in place of the commit. */
function dyingClient<T extends { query: (...args: never[]) => unknown }>(client: T): T {
  const query = (...args: unknown[]) =>
    (client.query as (...args: unknown[]) => unknown)(...(args[0] === 'commit' ? ['select pg_terminate_backend(pg_backend_pid())'] : args));
  return Object.create(client, { query: { value: query } });
}
