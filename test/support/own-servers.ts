// Servers that a test may stop, wipe and start again: nobody else is on them. Each comes back on its port.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { searchAttributes } from '#contract/workflow-contract';
import { freePort } from '#embedded/free-port';
import { startPostgres } from '#embedded/postgres';
import { startTemporal } from '#embedded/temporal';

export interface OwnTemporal {
  address: string;
  /** Starts it (again); its data is still there unless it was wiped. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Deletes its data; only while it is stopped. */
  wipe(): void;
  /** Stops it for good. */
  close(): Promise<void>;
}

/** Runs when this resolves, with the namespace `default`. */
export async function startOwnTemporal(): Promise<OwnTemporal> {
  const dataDir = mkdtempSync(join(tmpdir(), 'posthorn-own-temporal-'));
  const port = await freePort();
  const options = { dataDir, port, searchAttributes: Object.fromEntries(searchAttributes.map(({ name }) => [name, 'Keyword' as const])) };
  let running = await startTemporal(options);
  return {
    address: `127.0.0.1:${port}`,
    async start() {
      running = await startTemporal(options);
    },
    stop: () => running.stop(),
    wipe() {
      for (const end of ['', '-wal', '-shm']) rmSync(join(dataDir, `temporal.sqlite${end}`), { force: true });
    },
    async close() {
      await running.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export interface OwnPostgres {
  /** Of the superuser and the database `postgres`. */
  url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** Runs when this resolves. */
export async function startOwnPostgres(): Promise<OwnPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-own-postgres-'));
  // as root, the user postgres has to pass through
  chmodSync(folder, 0o711);
  const dataDir = join(folder, 'postgres');
  const options = { dataDir, port: await freePort(), settings: { fsync: 'off' } };
  let running = await startPostgres(options);
  return {
    url: running.url,
    async start() {
      running = await startPostgres(options);
    },
    stop: () => running.stop(),
    async close() {
      await running.stop();
      // where TMPDIR is private, the cluster of a run as root lies elsewhere
      const pointer = join(dataDir, 'location');
      if (existsSync(pointer)) rmSync(readFileSync(pointer, 'utf8').trim(), { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
