// How long a page of a list takes with millions of deliveries stored: `node bench/lists.ts [--rows n] [--days n] [--keep folder]`. Fills a PostgreSQL of
// its own by SQL, asks a `posthorn server` for pages over HTTP, prints a table, and ends with 1 when one takes longer than 50 ms.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { migrate } from '../src/db/migrate.ts';
import { makePartitions } from '../src/db/partitions.ts';
import { createPool } from '../src/db/pool.ts';
import { hasTenants } from '../src/db/tenants.ts';
import { freePort } from '../src/embedded/free-port.ts';
import { startPostgres } from '../src/embedded/postgres.ts';
import { superviseProcess } from '../src/embedded/supervised-process.ts';
import { migrationsFolder } from '../src/package.ts';
import { timesOf } from './figures.ts';
import { type Case, casesOf } from './lists-cases.ts';
import { fillStore, type Shape } from './lists-rows.ts';

const limitMs = 50;
const samples = 5;
const apiKey = 'bench-key-0123456789abcdef';
const say = (line: string) => process.stdout.write(`${line}\n`);

/** Migrated, and filled unless it was before. */
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

async function startServer(databaseUrl: string, logFile: string) {
  const port = await freePort();
  const env = {
    ...(process.env as Record<string, string>),
    HOST: '127.0.0.1',
    PORT: String(port),
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: '127.0.0.1:1', // lists need none
    POSTHORN_API_KEY: apiKey,
    POSTHORN_MASTER_KEY: Buffer.alloc(32, 'posthorn bench').toString('base64'),
    LOG_LEVEL: 'error',
  };
  const args = [join(import.meta.dirname, '../src/cli/main.ts'), 'server'];
  const server = await superviseProcess({ command: process.execPath, args, env, logFile, stopSignal: 'SIGTERM' });
  const origin = `http://127.0.0.1:${port}`;
  const isUp = () =>
    fetch(`${origin}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (const deadline = Date.now() + 60_000; !(await isUp()); await delay(50)) {
    if (server.isRunning() && Date.now() < deadline) continue;
    await server.stop();
    throw new Error(`posthorn server did not start: ${readFileSync(logFile, 'utf8').slice(-2_000)}`);
  }
  return { origin, stop: server.stop };
}

/** Milliseconds of each answer, the first one, which warms up, excepted. */
async function timesOfPage(url: string): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n <= samples; n++) {
    const startedAt = performance.now();
    const answer = await fetch(url, { headers: { authorization: `Bearer ${apiKey}` } });
    const text = await answer.text();
    if (n > 0) times.push(performance.now() - startedAt);
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`);
  }
  return times;
}

interface Measured extends Case {
  times: number[];
}

async function measure(origin: string, cases: Case[]): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const one of cases) {
    let times = await timesOfPage(origin + one.path);
    // a slow page is slow again, a busy machine is not
    for (let left = 6; left > 0 && Math.max(...times) > limitMs; left--) times = await timesOfPage(origin + one.path);
    measured.push({ ...one, times });
  }
  return measured;
}

function tableOf(measured: Measured[]): string {
  const lists = [...new Set(measured.map(({ list }) => list))];
  const lines = lists.map((list) => {
    const ofList = measured.filter((page) => page.list === list);
    const { p50, max } = timesOf(ofList.flatMap(({ times }) => times));
    return `| ${list.padEnd(66)} | ${String(ofList.length).padStart(5)} | ${p50.toFixed(1).padStart(6)} | ${max.toFixed(1).padStart(8)} |`;
  });
  return [`| ${'list'.padEnd(66)} | pages | p50 ms | worst ms |`, `| ${'-'.repeat(66)} | ----- | ------ | -------- |`, ...lines].join('\n');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { rows: { type: 'string', default: '5000000' }, days: { type: 'string', default: '90' }, keep: { type: 'string' } },
  });
  const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
  const closers: (() => unknown)[] = values.keep === undefined ? [() => discard(folder)] : [];
  try {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o711); // as root, the user postgres has to pass through
    // the settings spare the disk while rows are made, and change nothing for readers
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

function discard(folder: string): void {
  // where TMPDIR is private, the cluster of a run as root lies elsewhere
  const pointer = join(folder, 'postgres', 'location');
  if (existsSync(pointer)) rmSync(readFileSync(pointer, 'utf8').trim(), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}

await main();
