// Servers for a single test, which may stop, wipe and restart them. Each restarts on the same port.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { searchAttributes } from '#contract/workflow-contract';
import { startPostgres } from '#embedded/postgres';
import { startTemporal } from '#embedded/temporal';
import { ownPort } from './own-port.ts';

export interface OwnTemporal {
  address: string;
  /** Starts it, or starts it again with its data, unless it was wiped. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Ends it with SIGKILL. */
  kill(): Promise<void>;
  /** Deletes its data. Call it only while the server is stopped. */
  wipe(): void;
  /** Stops it and deletes its data. */
  close(): Promise<void>;
}

/** Resolves when the server is ready. `namespaces`: in addition to `default`. */
export async function startOwnTemporal(namespaces: string[] = [], dynamicConfig: Record<string, string> = {}): Promise<OwnTemporal> {
  const dataDir = mkdtempSync(join(tmpdir(), 'posthorn-own-temporal-'));
  const port = await ownPort();
  const attributes = Object.fromEntries(searchAttributes.map(({ name }) => [name, 'Keyword' as const]));
  const options = { dataDir, port, namespaces, searchAttributes: attributes, dynamicConfig };
  let running = await startTemporal(options);
  return {
    address: `127.0.0.1:${port}`,
    async start() {
      running = await startTemporal(options);
    },
    stop: () => running.stop(),
    async kill() {
      process.kill(Number(readFileSync(join(dataDir, 'pid'), 'utf8')), 'SIGKILL');
      await running.stop();
    },
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
  port: number;
  /** Starts it, unless it runs. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** PostgreSQL's immediate shutdown: it ends without a checkpoint, as in a crash. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** Resolves when the server is ready. `parent`: an existing folder for its data. */
export async function startOwnPostgres(parent = tmpdir(), settings: Record<string, string> = {}): Promise<OwnPostgres> {
  const folder = mkdtempSync(join(parent, 'posthorn-own-postgres-'));
  // if we are root, the user postgres must be able to enter
  chmodSync(folder, 0o711);
  const dataDir = join(folder, 'postgres');
  const options = { dataDir, port: await ownPort(), settings: { fsync: 'off', ...settings } };
  const started = async () => {
    const server = await startPostgres(options);
    const state = { server, hasEnded: false };
    void server.exited.then(() => {
      state.hasEnded = true;
    });
    return state;
  };
  let running = await started();
  const stop = async () => {
    await running.server.stop();
    running.hasEnded = true;
  };
  // as root with a private TMPDIR, the cluster is in another folder
  const pointer = join(dataDir, 'location');
  const elsewhere = () => (existsSync(pointer) ? readFileSync(pointer, 'utf8').trim() : null);
  return {
    url: running.server.url,
    port: running.server.port,
    async start() {
      if (!running.hasEnded) return;
      await stop();
      running = await started();
    },
    stop,
    async kill() {
      const cluster = join(elsewhere() ?? join(dataDir, 'cluster'), 'data');
      process.kill(Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n', 1)[0]), 'SIGQUIT');
      await stop();
    },
    async close() {
      await stop();
      const other = elsewhere();
      if (other !== null) rmSync(other, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
