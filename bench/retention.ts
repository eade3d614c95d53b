// `node bench/retention.ts [--rows n]`: drops a day of n deliveries (5 million) while events are accepted and delivered, on
// its own PostgreSQL. Prints how long it takes, and how long each write takes before and meanwhile.
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type pg from 'pg';
import { pino } from 'pino';
import { dropOldDays } from '#chores/retention';
import { migrationsFolder } from '#config/package';
import { createTenant } from '#db/access/tenants';
import { recordFirstAttempts } from '#db/deliveries/first-attempts';
import { acceptEvents } from '#db/events/accept';
import { createContentEncryption } from '#db/keys/content-encryption';
import { migrate } from '#db/store/migrate';
import { makePartitions } from '#db/store/partitions';
import { createPool } from '#db/store/pool';
import { deliveryId } from '#domain/ids';
import { startPostgres } from '#embedded/postgres';
import { newId } from '#runtime/new-id';
import { createVault } from '#sealing/vault';
import { timesOf } from './figures.ts';
import { discard } from './stores.ts';

const keepDays = 90;
const writers = 4;
const beforeMs = 15_000;
const say = (line: string) => process.stdout.write(`${line}\n`);

const fillDay = `
  with made as materialized (
    select i, to_timestamp(($2::bigint + i * 86400000 / $1::bigint) / 1000.0) as at,
      lpad(to_hex($2::bigint + i * 86400000 / $1::bigint), 12, '0') || '7' || lpad(to_hex(i % 4096), 3, '0') as head, lpad(to_hex(i), 15, '0') as tail
    from generate_series($3::bigint, $4::bigint - 1) i
  ), of_events as (
    insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, accepted_at, position)
    select (head || '8' || tail)::uuid, $5, 'order-' || i, 'order.created', '{}', convert_to(repeat(md5(i::text), 10), 'utf8'), at, at, i from made order by i
  ), of_ids as (
    insert into event_ids (tenant_id, external_id, event_id, content_hash)
    select $5, 'order-' || i, (head || '8' || tail)::uuid, decode(md5(i::text) || md5(head), 'hex') from made order by i
  ), of_attempts as (
    insert into attempts (delivery_id, id, round, number, started_at, outcome, message, status_code, exchange, address, connect_ms, first_byte_ms, total_ms)
    select (head || '9' || tail)::uuid, (head || 'a' || tail)::uuid, 1, 1, at, 'accepted', 'HTTP 200 from api.example.com, 12 ms', 200,
      convert_to(repeat(md5(i::text), 6), 'utf8'), '192.0.2.1', 3, 11, 12 from made order by i
  )
  insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts, last_outcome, last_message, created_at, updated_at, own_workflow)
  select (head || '9' || tail)::uuid, (head || '8' || tail)::uuid, $6, $5, 'order.created', 'succeeded', 1, 'accepted',
    'HTTP 200 from api.example.com, 12 ms', at, at, false from made order by i`;

async function fill(db: pg.Pool, rows: number, tenant: string): Promise<void> {
  const day = Math.floor(Date.now() / 86_400_000) - keepDays - 1;
  const { rows: days } = await db.query(`select (date '1970-01-01' + $1::int)::text as day`, [day]);
  for (const parent of ['events', 'deliveries', 'attempts']) await db.query('select make_partition($1, $2::date)', [parent, days[0].day]);
  const page = 50_000;
  for (let from = 0; from < rows; from += page) {
    await db.query(fillDay, [rows, day * 86_400_000, from, Math.min(from + page, rows), tenant, newId('ep').slice(3)]);
    if (from % 1_000_000 === 0) say(`${from} of ${rows} deliveries made`);
  }
}

/** Accepts and records events one after the other, and notes how long each statement took. */
function startWriters(db: pg.Pool, tenant: { key: string; id: string }) {
  const contents = createContentEncryption(db, createVault([Buffer.alloc(32, 7).toString('base64')]));
  const times: number[] = [];
  let stopped = false;
  const timed = async <T>(work: Promise<T>): Promise<T> => {
    const began = performance.now();
    const result = await work;
    times.push(performance.now() - began);
    return result;
  };
  const event = () => ({
    eventId: newId('evt'),
    externalId: newId('evt'),
    type: 'order.created',
    channels: [],
    body: Buffer.alloc(300, 'x'),
    bodyTimestamp: new Date().toISOString(),
    contentHash: Buffer.alloc(32),
    orderingKey: null,
    coalesceKey: null,
    version: null,
    deliverAt: null,
    expiresAt: null,
    onlyEndpointId: null,
  });
  const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 1 };
  async function write(): Promise<void> {
    while (!stopped) {
      const posted = event();
      await timed(acceptEvents(db, [{ tenant: tenant.key, events: [posted] }], null, contents));
      const endpointId = newId('ep');
      const id = deliveryId(posted.eventId, endpointId);
      const result = { outcome: 'accepted', message: 'HTTP 200', response: null, address: null, timings, retryAfterMs: null } as const;
      const attempt = { attemptId: newId('att'), deliveryId: id, round: 1, number: 1, startedAt: new Date(), result, retryInMs: null };
      const of = { deliveryId: id, eventId: posted.eventId, endpointId, tenantId: tenant.id, eventType: 'order.created', expiresAt: null };
      await timed(recordFirstAttempts(db, [{ ...of, attempt }], contents));
      await delay(5);
    }
  }
  const running = Array.from({ length: writers }, write);
  return {
    take: () => times.splice(0),
    async stop() {
      stopped = true;
      await Promise.all(running);
    },
  };
}

const sizes = `
  select pg_size_pretty(pg_database_size(current_database())) as size, pg_size_pretty(pg_total_relation_size('event_ids')) as ids`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rows: { type: 'string', default: '5000000' } } });
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
  chmodSync(folder, 0o711); // if we are root, the user postgres must be able to enter
  const postgres = await startPostgres({ dataDir: join(folder, 'postgres'), settings: { max_wal_size: '4GB' } });
  const db = createPool({ url: postgres.url, max: 12, onError: () => undefined });
  try {
    await migrate(db, migrationsFolder);
    await makePartitions(db);
    const tenant = { key: 'bench', id: newId('tnt') };
    await createTenant(db, { tenantId: tenant.id, key: tenant.key, name: 'Bench', metadata: {} });
    await fill(db, Number(values.rows), tenant.id.slice(4));
    await db.query('checkpoint');
    const sizeOf = async () => (await db.query<{ size: string; ids: string }>(sizes)).rows[0];
    const before = await sizeOf();
    const writing = startWriters(db, tenant);
    await delay(beforeMs);
    const alone = timesOf(writing.take());
    const began = performance.now();
    const log = pino({ level: 'info' }, { write: (line: string) => say(line.trim()) });
    const marks: string[] = [];
    const reached = async (point: string) => void marks.push(`${point} ${((performance.now() - began) / 1_000).toFixed(2)} s`);
    const days = await dropOldDays(
      { db, lanes: { changed: async () => undefined }, log, keepDays, deadLetterWindowMs: 0, reached },
      new AbortController().signal,
    );
    const seconds = (performance.now() - began) / 1_000;
    const meanwhile = timesOf(writing.take());
    await writing.stop();
    const after = await sizeOf();
    say(`${days.length} day of ${values.rows} deliveries gone in ${seconds.toFixed(1)} s: ${marks.join(', ')}`);
    say(`database ${before?.size} before, ${after?.size} after; event_ids ${before?.ids}, ${after?.ids}`);
    for (const [when, times] of [['alone', alone] as const, ['meanwhile', meanwhile] as const])
      say(
        `writes ${when}: ${Object.entries(times)
          .map(([name, ms]) => `${name} ${Number(ms).toFixed(1)}`)
          .join(' ')} ms`,
      );
  } finally {
    await db.end();
    await postgres.stop();
    discard(folder);
  }
}

await main();
