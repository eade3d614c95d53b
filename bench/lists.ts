// `node bench/lists.ts [--rows n] [--days n] [--keep folder]`: measures how long a page of a list
// takes with millions of stored deliveries, on its own PostgreSQL. Prints a table, and ends with
// exit code 1 if a page takes longer than 50 ms.
import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { migrationsFolder } from '#config/package';
import { hasTenants } from '#db/access/tenants';
import { migrate } from '#db/store/migrate';
import { makePartitions } from '#db/store/partitions';
import { createPool } from '#db/store/pool';
import { freePort } from '#embedded/free-port';
import { startPostgres } from '#embedded/postgres';
import { timesOf } from './figures.ts';
import { type Case, casesOf } from './lists-cases.ts';
import { fillStore, type Shape } from './lists-rows.ts';
import { benchKey, environmentOf, startPosthorn } from './posthorn.ts';
import { discard } from './stores.ts';

const limitMs = 50;
const samples = 5;
const say = (line: string) => process.stdout.write(`${line}\n`);

/** Migrates the database, and fills it unless it was filled before. */
async function prepareStore(url: string, shape: Shape): Promise<void> {
  const pool = createPool({ url, max: 1, onError: () => undefined });
  const client = new pg.Client({ connectionString: url });
  try {
    await migrate(pool, migrationsFolder);
    await makePartitions(pool);
    if (await hasTenants(pool)) return;
    await client.connect();
    await fillStore(client, shape, say);
  } finally {
    await client.end();
    await pool.end();
  }
}

/** A server without Temporal, which lists do not need. */
async function startServer(databaseUrl: string, logFile: string) {
  const port = await freePort();
  const env = environmentOf({ databaseUrl, temporalAddress: '127.0.0.1:1' }, port, { LOG_LEVEL: 'error' });
  const isUp = (origin: string) =>
    fetch(`${origin}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  const { stop } = await startPosthorn('server', env, logFile, isUp);
  return { origin: `http://127.0.0.1:${port}`, stop };
}

/** Milliseconds of each response, without the first one, which is the warm-up. */
async function timesOfPage(url: string): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n <= samples; n++) {
    const startedAt = performance.now();
    const answer = await fetch(url, { headers: { authorization: `Bearer ${benchKey}` } });
    const text = await answer.text();
    if (n > 0) times.push(performance.now() - startedAt);
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`);
  }
  return times;
}

interface Measured extends Case {
  /** The times of the round that counts. */
  times: number[];
  /** The times of discarded rounds, in which it was too slow. */
  discarded: number[];
}

async function measure(origin: string, cases: Case[]): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const one of cases) {
    const discarded: number[] = [];
    let times = await timesOfPage(origin + one.path);
    // on a busy machine any page may be slow once, so a slow page is measured up to two more times
    for (let left = 2; left > 0 && Math.max(...times) > limitMs; left--) {
      discarded.push(...times);
      times = await timesOfPage(origin + one.path);
    }
    measured.push({ ...one, times, discarded });
  }
  return measured;
}

/** `worst of all` includes the discarded rounds. */
function tableOf(measured: Measured[]): string {
  const lists = [...new Set(measured.map(({ list }) => list))];
  const lines = lists.map((list) => {
    const ofList = measured.filter((page) => page.list === list);
    const { p50, max } = timesOf(ofList.flatMap(({ times }) => times));
    const all = timesOf(ofList.flatMap(({ times, discarded }) => [...times, ...discarded]));
    const again = ofList.filter(({ discarded }) => discarded.length > 0).length;
    return [list, ofList.length, again, p50.toFixed(1), max.toFixed(1), all.max.toFixed(1)].map(String);
  });
  const heading = ['list', 'pages', 'measured again', 'p50 ms', 'worst ms', 'worst of all ms'];
  const rule = heading.map(() => '---');
  return [heading, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { rows: { type: 'string', default: '5000000' }, days: { type: 'string', default: '90' }, keep: { type: 'string' } },
  });
  const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
  const closers: (() => unknown)[] = values.keep === undefined ? [() => discard(folder)] : [];
  try {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o711); // if we are root, the user postgres must be able to enter
    // these settings reduce disk writes while rows are inserted, and do not affect readers
    const postgres = await startPostgres({
      dataDir: join(folder, 'postgres'),
      settings: { max_wal_size: '4GB', fsync: 'off', full_page_writes: 'off' },
    });
    closers.push(postgres.stop);
    const shape = { rows: Number(values.rows), days: Number(values.days) };
    await prepareStore(postgres.url, shape);
    const db = new pg.Client({ connectionString: postgres.url });
    await db.connect();
    const cases = await casesOf(db, shape.days).finally(() => db.end());
    const server = await startServer(postgres.url, join(folder, 'server.log'));
    closers.push(server.stop);
    const measured = await measure(server.origin, cases);
    say(tableOf(measured));
    const slow = measured.filter(({ times }) => Math.max(...times) > limitMs);
    for (const { path, times } of slow) say(`over ${limitMs} ms: ${times.map((ms) => ms.toFixed(0)).join(' ')}  ${path}`);
    if (slow.length > 0) process.exitCode = 1;
  } finally {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  }
}

await main();
