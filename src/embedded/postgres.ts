// The embedded PostgreSQL: runs on its own data folder, listens only on 127.0.0.1, ends with
// Posthorn. After a crash the next start recovers the data.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort, isPortFree } from './free-port.ts';
import { LockHeldError, takeLock } from './lock-file.ts';
import { type PostgresHome, preparePostgresHome } from './postgres-home.ts';
import { stopPostgresOrphan } from './postgres-orphan.ts';
import { explainFolderError, folderErrorFromText, StartError } from './start-error.ts';
import { type SupervisedProcess, superviseProcess } from './supervised-process.ts';

export interface PostgresOptions {
  /** Holds the cluster, the password, the port and the log `postgres.log`. Created if missing. */
  dataDir: string;
  /** Default: the port of the last start if it is free, else any free port. */
  port?: number;
  settings?: Record<string, string>;
  log?: (line: string) => void;
}

export interface Postgres {
  /** For the superuser `postgres` and the database `postgres`, with the password. */
  url: string;
  port: number;
  /** Resolves when the server is gone, with an error if `stop` was not called. */
  exited: Promise<StartError | undefined>;
  stop(): Promise<void>;
}

const laptop: Record<string, string> = {
  shared_buffers: '128MB',
  max_connections: '200',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
};
const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };
const startTimeoutMs = 120_000;

/** Starts the server, and recovers it after a crash. Throws a StartError if that fails. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { dataDir, log = () => undefined } = options;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const lock = await takeLock(join(dataDir, 'lock'));
    try {
      const server = await startLocked(options, preparePostgresHome(dataDir, log), log);
      return { ...server, stop: () => server.stop().finally(lock.release) };
    } catch (error) {
      lock.release();
      throw error;
    }
  } catch (error) {
    if (error instanceof LockHeldError)
      throw new StartError(`PostgreSQL is already running on ${dataDir}, started by process ${error.pid}.`);
    throw explainFolderError(error, dataDir);
  }
}

async function startLocked(options: PostgresOptions, home: PostgresHome, log: (line: string) => void): Promise<Postgres> {
  const { dataDir, port: wanted, settings = {} } = options;
  const password = rememberedIn(dataDir, 'password') ?? remember(dataDir, 'password', randomBytes(24).toString('hex'));
  const cluster = join(home.root, 'data');
  if (!existsSync(cluster)) await initialise(home, { cluster, password, dataDir, sync: settings.fsync !== 'off' });
  await stopPostgresOrphan(cluster, log);
  if (wanted !== undefined && !(await isPortFree(wanted))) throw portTaken(wanted);
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    const port = wanted ?? (await rememberedPort(dataDir)) ?? (await freePort());
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    const server = await launch(home, { cluster, port, settings: { ...laptop, ...settings }, logFile: join(dataDir, 'postgres.log') });
    if (await answers(server, url, deadline)) {
      remember(dataDir, 'port', String(port));
      return { url, port, exited: whyExited(server, dataDir), stop: () => server.stop() };
    }
    await giveUpOrRetry(server, { dataDir, wanted, retry: Date.now() < deadline });
  }
}

interface InitialiseOptions {
  cluster: string;
  password: string;
  dataDir: string;
  sync: boolean;
}

// Creates the cluster under another name first, so that a start killed half-way leaves nothing that looks like a
// cluster.
async function initialise(home: PostgresHome, { cluster, password, dataDir, sync }: InitialiseOptions): Promise<void> {
  const draft = `${cluster}.new`;
  const passwordFile = join(home.root, 'password.new');
  rmSync(draft, { recursive: true, force: true });
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (home.account !== undefined) chownSync(passwordFile, home.account.uid, home.account.gid);
  const identity = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth-host=scram-sha-256', '--auth-local=reject'];
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const args = ['-D', draft, ...identity, ...locale, '--no-instructions', ...(sync ? [] : ['--no-sync'])];
  try {
    await promisify(execFile)(home.initdb, args, { ...home.account, cwd: '/', env: environment });
    renameSync(draft, cluster);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    const text = String(error instanceof Error && 'stderr' in error ? error.stderr : error);
    throw (
      folderErrorFromText(text, dataDir) ?? new StartError(`The data of PostgreSQL could not be created in ${home.root}: ${lastLine(text)}`)
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

interface LaunchOptions {
  cluster: string;
  port: number;
  settings: Record<string, string>;
  logFile: string;
}

function launch(home: PostgresHome, { cluster, port, settings, logFile }: LaunchOptions): Promise<SupervisedProcess> {
  const fixed = { port: String(port), listen_addresses: '127.0.0.1', unix_socket_directories: '' };
  const flags = Object.entries({ ...settings, ...fixed }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // SIGINT is PostgreSQL's fast shutdown
  const supervision = { env: environment, ...home.account, logFile, stopSignal: 'SIGINT' } as const;
  return superviseProcess({ command: home.postgres, args: ['-D', cluster, ...flags], ...supervision });
}

/** Resolves to true once the server accepts a connection with our password, to false if it exited or took too long. */
async function answers(server: SupervisedProcess, url: string, deadline: number): Promise<boolean> {
  while (server.isRunning() && Date.now() < deadline) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return true;
    } catch {
      await client.end().catch(() => undefined);
      await sleep(50);
    }
  }
  return false;
}

async function giveUpOrRetry(
  server: SupervisedProcess,
  { dataDir, wanted, retry }: { dataDir: string; wanted?: number; retry: boolean },
): Promise<void> {
  await server.stop();
  const tail = server.logTail();
  if (/Address already in use/.test(tail)) {
    if (wanted !== undefined) throw portTaken(wanted);
    rmSync(join(dataDir, 'port'), { force: true });
  } else if (!/pre-existing shared memory block|lock file ".*" already exists/.test(tail)) {
    throw (
      folderErrorFromText(tail, dataDir) ??
      new StartError(`PostgreSQL did not start: ${reason(tail)} (full log: ${join(dataDir, 'postgres.log')})`)
    );
  }
  if (!retry) throw new StartError(`PostgreSQL did not start: ${reason(tail)} (full log: ${join(dataDir, 'postgres.log')})`);
  // the last processes of a killed server may need a moment
  await sleep(300);
}

async function whyExited(server: SupervisedProcess, dataDir: string): Promise<StartError | undefined> {
  const { unasked } = await server.exited;
  if (!unasked) return undefined;
  return (
    folderErrorFromText(server.logTail(), dataDir) ??
    new StartError(`PostgreSQL stopped unexpectedly: see ${join(dataDir, 'postgres.log')}`)
  );
}

async function rememberedPort(dataDir: string): Promise<number | undefined> {
  const port = Number(rememberedIn(dataDir, 'port') ?? 0);
  return port > 0 && port < 65_536 && (await isPortFree(port)) ? port : undefined;
}

function rememberedIn(dataDir: string, name: string): string | undefined {
  const file = join(dataDir, name);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

function remember(dataDir: string, name: string, value: string): string {
  const file = join(dataDir, name);
  writeFileSync(`${file}.new`, `${value}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return value;
}

const portTaken = (port: number) => new StartError(`Port ${port} for PostgreSQL is already in use by another program.`);

const reason = (text: string) => /(?:FATAL|PANIC|ERROR):\s*(.*)/.exec(text)?.[1] ?? lastLine(text);

const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? '';
