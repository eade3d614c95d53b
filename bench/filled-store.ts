// A PostgreSQL of its own with the deliveries of many days (lists-rows.ts), and a server on it, for measurements of reads.
import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { indexPartitions } from '#chores/partition-indexes';
import { migrationsFolder } from '#config/package';
import { hasTenants } from '#db/access/tenants';
import { migrate } from '#db/store/migrate';
import { makePartitions } from '#db/store/partitions';
import { createPool } from '#db/store/pool';
import { freePort } from '#embedded/free-port';
import { startPostgres } from '#embedded/postgres';
import { createLogger } from '#runtime/logger';
import { fillStore, type Shape } from './lists-rows.ts';
import { benchKey, environmentOf, startPosthorn } from './posthorn.ts';
import { discard } from './stores.ts';

const samples = 3;
export const say = (line: string) => process.stdout.write(`${line}\n`);

export interface FilledStore {
  url: string;
  /** A server without Temporal, which reads do not need. It stops when the measurement ends. */
  startServer(): Promise<{ origin: string; pid: number }>;
}

/** Fills a store in `keep`, unless it was filled before, or in a folder that is deleted at the end. */
export async function withFilledStore(
  shape: Shape,
  keep: string | undefined,
  measure: (store: FilledStore) => Promise<void>,
): Promise<void> {
  const folder = keep ?? mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
  const closers: (() => unknown)[] = keep === undefined ? [() => discard(folder)] : [];
  try {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o711); // if we are root, the user postgres must be able to enter
    // these settings reduce disk writes while rows are inserted, and do not affect readers
    const { url, stop } = await startPostgres({
      dataDir: join(folder, 'postgres'),
      settings: { max_wal_size: '4GB', fsync: 'off', full_page_writes: 'off' },
    });
    closers.push(stop);
    await prepareStore(url, shape);
    await measure({
      url,
      async startServer() {
        const server = await startServer(url, join(folder, 'server.log'));
        closers.push(server.stop);
        return server;
      },
    });
  } finally {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  }
}

/** Migrates the database, and fills it unless it was filled before. */
async function prepareStore(url: string, shape: Shape): Promise<void> {
  const pool = createPool({ url, max: 1, onError: () => undefined });
  const client = new pg.Client({ connectionString: url });
  try {
    await migrate(pool, migrationsFolder);
    await makePartitions(pool);
    await indexPartitions({ db: pool, log: createLogger('silent') }, new AbortController().signal);
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
  const env = environmentOf({ databaseUrl, temporalAddress: '127.0.0.1:1' }, port, { LOG_LEVEL: 'error' });
  const isUp = (origin: string) =>
    fetch(`${origin}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  const { stop, pid } = await startPosthorn('server', env, logFile, isUp);
  return { origin: `http://127.0.0.1:${port}`, stop, pid };
}

/** Milliseconds of each response, without the first one, which is the warm-up. */
export async function timesOfPage(url: string): Promise<number[]> {
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

/** Milliseconds until a page is full or the list ends: a page of a search may be short and have a next one. */
export async function msUntilFull(url: string): Promise<number> {
  const limit = Number(new URL(url).searchParams.get('limit') ?? 50);
  const startedAt = performance.now();
  let found = 0;
  for (let cursor: string | null = ''; cursor !== null && found < limit; ) {
    const answer = await fetch(cursor === '' ? url : withCursor(url, cursor), { headers: { authorization: `Bearer ${benchKey}` } });
    const { data, nextCursor = null } = (await answer.json()) as { data?: unknown[]; nextCursor?: string | null };
    found += data?.length ?? 0;
    cursor = nextCursor;
  }
  return performance.now() - startedAt;
}

function withCursor(url: string, cursor: string): string {
  const next = new URL(url);
  next.searchParams.set('cursor', cursor);
  return next.href;
}
