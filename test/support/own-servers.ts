// Servers for a single test, which may stop, wipe and restart them. Each restarts on the same port.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { searchAttributes } from '#contract/workflow-contract';
import { freePort } from '#embedded/free-port';
import { startPostgres } from '#embedded/postgres';
import { startTemporal } from '#embedded/temporal';

export interface OwnTemporal {
  address: string;
  /** Starts it, or starts it again with its data, unless it was wiped. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Deletes its data. Call it only while the server is stopped. */
  wipe(): void;
  /** Stops it and deletes its data. */
  close(): Promise<void>;
}

/** Resolves when the server is ready. `namespaces`: in addition to `default`. */
export async function startOwnTemporal(namespaces: string[] = [], dynamicConfig: Record<string, string> = {}): Promise<OwnTemporal> {
  const dataDir = mkdtempSync(join(tmpdir(), 'posthorn-own-temporal-'));
  const port = await freePort();
  const options = {
    dataDir,
    port,
    namespaces,
    dynamicConfig,
    searchAttributes: Object.fromEntries(searchAttributes.map(({ name }) => [name, 'Keyword' as const])),
  };
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
  /** For the superuser and the database `postgres`. */
  url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** Resolves when the server is ready. */
export async function startOwnPostgres(): Promise<OwnPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-own-postgres-'));
  // if we are root, the user postgres must be able to enter
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
      // as root with a private TMPDIR, the cluster is in another folder
      const pointer = join(dataDir, 'location');
      if (existsSync(pointer)) rmSync(readFileSync(pointer, 'utf8').trim(), { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
