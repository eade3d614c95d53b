// `node bench/inbox.ts [--part requests|claims] [--seconds n] [--rows n] [--claims n] [--before path/to/postgres.ts]`: the receiver's inbox
// in PostgreSQL. `requests`: how many it accepts beside a worker. `claims`: what a claim takes behind many events, without statistics of
// the table, with those of a few events that were done, and with those of all. `--before`: the same with another version, in turns.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createPool, type Db } from '#db/store/pool';
import { startPostgres } from '#embedded/postgres';
import { postgresInbox } from '#receiver/inbox/postgres';
import type { InboxStore, NewItem } from '#receiver/index';
import { timesOf } from './figures.ts';
import { say } from './filled-store.ts';

const { values } = parseArgs({
  options: {
    part: { type: 'string' },
    seconds: { type: 'string', default: '4' },
    rows: { type: 'string', default: '100000' },
    claims: { type: 'string', default: '60' },
    before: { type: 'string' },
  },
});
const rows = Number(values.rows);
const claims = Number(values.claims);
const seconds = Number(values.seconds);
const hour = 3_600_000;
const statistics = ['none', 'old', 'fresh'] as const;

type Open = (db: Db) => InboxStore;
type Key = readonly [key: string | null, sequence: number | null];

interface Case {
  name: string;
  keyOf(n: number): Key;
  /** After the events are stored. */
  prepare?(inbox: InboxStore, db: Db): Promise<void>;
  claimers?: number;
}

const named = (prefix: string, n: number) => `${prefix}${String(n).padStart(7, '0')}`;

async function accept(inbox: InboxStore, prefix: string, count: number, keyOf: Case['keyOf']): Promise<void> {
  for (let from = 0; from < count; from += 1_000) {
    const items = Array.from({ length: Math.min(1_000, count - from) }, (_, n): NewItem => {
      const [key, sequence] = keyOf(from + n);
      return { id: `${prefix}${from + n}`, type: 'order.created', raw: '{"n":1}', key, sequence, replay: 0, meta: '{}' };
    });
    await inbox.accept('r', items, { again: false, gapWaitMs: hour });
  }
}

const claim = (inbox: InboxStore, limit = 8) => inbox.claim('r', { worker: 'w', limit, leaseMs: hour, gapWaitMs: hour });

/** An earlier version had one table. */
async function hasTurns(db: Db): Promise<boolean> {
  return (await db.query("select from pg_class where relname = 'posthorn_inbox_turns'")).rowCount === 1;
}

/** All keys `k…` wait for a retry. 2,000 events of `a` wait behind one in work. `z` is due. */
async function fillBackoff(inbox: InboxStore, db: Db): Promise<void> {
  await db.query("update posthorn_inbox set due_at = now() + interval '1 hour'");
  if (await hasTurns(db)) await db.query("update posthorn_inbox_turns set due_at = now() + interval '1 hour'");
  await accept(inbox, 'long', 2_000, (n) => ['a', n + 1]);
  await claim(inbox, 1);
  await accept(inbox, 'last', 1, () => ['z', 1]);
}

const cases: Case[] = [
  { name: 'without a key', keyOf: () => [null, null] },
  { name: 'of one key, and 300 keys', keyOf: (n) => (n < rows - 300 ? ['a', n + 1] : [named('k', n), 1]) },
  { name: 'each of its own key', keyOf: (n) => [named('k', n), 1] },
  { name: 'each of its own key, 4 claimers', keyOf: (n) => [named('k', n), 1], claimers: 4 },
  { name: 'without a key, 4 claimers', keyOf: () => [null, null], claimers: 4 },
  { name: 'in backoff, 2,000 behind a key in work, one due', keyOf: (n) => [named('k', n), 1], prepare: fillBackoff },
];

/** Claims and ends as a worker does, without its handlers. Returns the milliseconds of each claim, and when `z` was claimed. */
async function work(inbox: InboxStore, times: number[], most: number): Promise<number | undefined> {
  let foundAt: number | undefined;
  for (let n = 1; n <= most; n++) {
    const began = performance.now();
    const claimed = await claim(inbox);
    times.push(performance.now() - began);
    if (claimed.some(({ key }) => key === 'z')) foundAt = n;
    for (const one of claimed) await inbox.end('r', one, { state: 'done' }, hour);
  }
  return foundAt;
}

async function run(db: Db, version: string, open: Open, { name, keyOf, prepare, claimers = 1 }: Case, of: (typeof statistics)[number]) {
  await db.query('drop table if exists posthorn_inbox, posthorn_inbox_turns');
  const inbox = open(db);
  await inbox.setup?.();
  const tables = ['posthorn_inbox', ...((await hasTurns(db)) ? ['posthorn_inbox_turns'] : [])];
  for (const relname of tables) await db.query(`alter table ${relname} set (autovacuum_enabled = off)`);
  const analyze = () => Promise.all(tables.map((relname) => db.query(`analyze ${relname}`)));
  if (of === 'old') {
    await accept(inbox, 'old', 40, (n) => (n % 2 ? [null, null] : [named('old', n), 1]));
    for (const one of await claim(inbox, 40)) await inbox.end('r', one, { state: 'done' }, hour);
    await analyze();
  }
  const filling = performance.now();
  await accept(inbox, 'e', rows, keyOf);
  const acceptUs = ((performance.now() - filling) / rows) * 1_000;
  await prepare?.(inbox, db);
  if (of === 'fresh') await analyze();
  const times: number[] = [];
  const began = performance.now();
  const most = prepare ? 250 : claims;
  const found = await Promise.all(Array.from({ length: claimers }, () => work(open(db), times, most)));
  const seconds = (performance.now() - began) / 1_000;
  const { p50, p99, max } = timesOf(times);
  const remark = prepare ? `, claim ${found[0] ?? 'none'} found the due one` : '';
  say(
    `${version}, statistics: ${of}, ${name}: claim ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)}, longest ${max.toFixed(1)}; ` +
      `${seconds.toFixed(1)} s for ${times.length} claims; accepted in ${acceptUs.toFixed(0)} µs each${remark}`,
  );
  // what is left is taken out of the way: an empty poll beside so many events that are done
  await db.query("update posthorn_inbox set state = 'done', worker = null");
  if (tables.length > 1) await db.query('delete from posthorn_inbox_turns');
  times.length = 0;
  for (let n = 0; n < 30; n++) {
    const at = performance.now();
    await claim(inbox);
    times.push(performance.now() - at);
  }
  say(`   empty poll after that: ${timesOf(times).p50.toFixed(1)} ms, longest ${timesOf(times).max.toFixed(1)}`);
}

interface Load {
  name: string;
  requesters: number;
  keyOf(n: number): string;
}

const loads: Load[] = [
  { name: '16 requests at once, default order', requesters: 16, keyOf: () => 'endpoint' },
  { name: '1 request at once, default order', requesters: 1, keyOf: () => 'endpoint' },
  { name: '16 requests at once, each of its own key', requesters: 16, keyOf: (n) => `k${n}` },
];

/** Claims and ends until a time, as a worker does. A claim that fails is one that took longer than the server allows. */
async function workUntil(inbox: InboxStore, end: number): Promise<{ claims: number; empty: number; failed: number; handled: number }> {
  const counts = { claims: 0, empty: 0, failed: 0, handled: 0 };
  while (performance.now() < end) {
    const claimed = await inbox.claim('r', { worker: 'w', limit: 8, leaseMs: hour, gapWaitMs: 0 }).catch(() => undefined);
    counts.claims++;
    if (!claimed) counts.failed++;
    else if (claimed.length === 0) counts.empty++;
    for (const one of claimed ?? []) await inbox.end('r', one, { state: 'done' }, hour);
    counts.handled += claimed?.length ?? 0;
  }
  return counts;
}

/** Requests of one event each, beside a worker. */
async function request(db: Db, version: string, open: Open, { name, requesters, keyOf }: Load): Promise<void> {
  await db.query('drop table if exists posthorn_inbox, posthorn_inbox_turns');
  const inbox = open(db);
  await inbox.setup?.();
  const end = performance.now() + seconds * 1_000;
  const times: number[] = [];
  let count = 0;
  const requester = async () => {
    while (performance.now() < end) {
      const n = ++count;
      const item = { id: `e${n}`, type: 'order.created', raw: '{"n":1}', key: keyOf(n), sequence: n, replay: 0, meta: '{}' };
      const began = performance.now();
      await inbox.accept('r', [item], { again: false, gapWaitMs: hour });
      times.push(performance.now() - began);
    }
  };
  const before = await walOf(db);
  const [{ claims, empty, failed, handled }] = await Promise.all([workUntil(inbox, end), ...Array.from({ length: requesters }, requester)]);
  const { p50, p99 } = timesOf(times);
  say(
    `${version}, ${name}: ${Math.round(times.length / seconds)} accepted/s, ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)}, ` +
      `${Math.round(((await walOf(db)) - before) / times.length)} bytes of WAL each; ` +
      `${handled} handled, ${claims} claims, ${empty} empty, ${failed} failed`,
  );
}

async function walOf(db: Db): Promise<number> {
  return (await db.query("select (pg_current_wal_lsn() - '0/0')::float8 as bytes")).rows[0].bytes;
}

const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
chmodSync(folder, 0o711); // if we are root, the user postgres must be able to enter
const postgres = await startPostgres({ dataDir: join(folder, 'postgres') });
const db = createPool({ url: postgres.url, max: 30, onError: () => undefined });
try {
  const versions: [string, Open][] = [['now', (pool) => postgresInbox(pool) as InboxStore]];
  if (values.before) {
    const { postgresInbox: earlier } = await import(resolve(values.before));
    versions.unshift(['before', (pool) => earlier(pool)]);
  }
  if (values.part !== 'claims')
    for (const load of loads)
      for (let round = 0; round < 3; round++) for (const [version, open] of versions) await request(db, version, open, load);
  if (values.part !== 'requests')
    for (const each of cases) for (const of of statistics) for (const [version, open] of versions) await run(db, version, open, each, of);
} finally {
  await db.end();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
