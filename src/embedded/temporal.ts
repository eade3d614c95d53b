// The embedded Temporal: the dev server of the `temporal` command on SQLite. It listens only on
// 127.0.0.1 and ends with Posthorn.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLine } from '#runtime/process-facts';
import { endProcess } from './end-process.ts';
import { freePortFrom } from './free-port.ts';
import { type Lock, LockHeldError, takeLock } from './lock-file.ts';
import { explainFolderError, folderErrorFromText, StartError } from './start-error.ts';
import { type SupervisedProcess, superviseProcess } from './supervised-process.ts';
import { callOf, findTemporalBinary } from './temporal-binary.ts';
import { completeSearchAttributes, type SearchAttributes, waitForNamespaces } from './temporal-readiness.ts';

export interface TemporalOptions {
  /** Holds the SQLite file and the log. Without it everything is in memory and lost at stop(). */
  dataDir?: string;
  /** The first free port from here upwards; absent or 0: any free one. */
  port?: number;
  /** The first free port from here upwards, 0: any free one; absent: no Web UI. */
  uiPort?: number;
  /** Serves the metrics of the server itself. Absent: it has none. */
  metricsPort?: number;
  /** In addition to `default`. */
  namespaces?: readonly string[];
  searchAttributes: SearchAttributes;
  /** Dynamic configuration of the server, such as smaller limits. */
  dynamicConfig?: Readonly<Record<string, string>>;
  cacheDir?: string;
  log?: (line: string) => void;
}

export interface Temporal {
  address: string;
  /** How a shell calls the `temporal` command of this server: by its path, where it is not the one on the PATH. */
  command: string;
  uiUrl: string | null;
  /** Resolves when the server is gone, with an error if `stop` was not called. */
  exited: Promise<StartError | undefined>;
  stop(): Promise<void>;
}

const startTimeoutMs = 60_000;
const tries = 5;

/** Starts the server and waits until it serves every namespace. Throws a StartError if that fails. */
export async function startTemporal(options: TemporalOptions): Promise<Temporal> {
  const { cacheDir, log = () => undefined } = options;
  const binary = await findTemporalBinary({ cacheDir, log });
  const folder = options.dataDir ?? mkdtempSync(join(tmpdir(), 'posthorn-temporal-'));
  const discard = () => options.dataDir ?? rmSync(folder, { recursive: true, force: true });
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const lock = await takeLock(join(folder, 'lock'));
    const server = await startLocked(binary, folder, options).catch((error) => releaseAndThrow(lock, error));
    const stop = () => server.stop().finally(lock.release).finally(discard);
    return { ...server, command: await callOf(binary), stop };
  } catch (error) {
    discard();
    if (error instanceof LockHeldError) throw new StartError(`Temporal is already running on ${folder}, started by process ${error.pid}.`);
    throw explainFolderError(error, folder);
  }
}

function releaseAndThrow(lock: Lock, error: unknown): never {
  lock.release();
  throw error;
}

async function startLocked(binary: string, folder: string, options: TemporalOptions): Promise<Omit<Temporal, 'command'>> {
  const { namespaces = [], searchAttributes } = options;
  // served by nobody else: another server that took the port first does not pass for this one
  const ownNamespace = `posthorn-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`;
  await stopOrphan(folder, options.log ?? (() => undefined));
  discardUnfinished(folder);
  for (let attempt = 1; ; attempt += 1) {
    const ports = await choosePorts(options);
    const address = `127.0.0.1:${ports.port}`;
    const server = await launch(binary, folder, { ...options, ...ports, namespaces: [...namespaces, ownNamespace] });
    writeFileSync(join(folder, 'pid'), `${server.pid}\n`, { mode: 0o600 });
    if (
      await waitForNamespaces(address, ['default', ...namespaces, ownNamespace], { isRunning: server.isRunning, timeoutMs: startTimeoutMs })
    ) {
      await completeSearchAttributes(address, ['default', ...namespaces], searchAttributes);
      writeFileSync(join(folder, 'ready'), '', { mode: 0o600 });
      writeFileSync(join(folder, 'address'), `${address}\n`, { mode: 0o600 });
      const uiUrl = ports.uiPort === undefined ? null : `http://127.0.0.1:${ports.uiPort}`;
      return { address, uiUrl, exited: whyExited(server, folder), stop: () => server.stop() };
    }
    await server.stop();
    // another program may have taken a port between our choice and its use. If it is a port that the server chose for
    // itself, the server panics, and its log then ends with the stack trace.
    if (attempt === tries || !/address already in use|panic:|goroutine \d+|\.go:\d+/i.test(server.logTail()))
      throw explainFailure(server, folder);
    await sleep(200);
  }
}

async function choosePorts({ port = 0, uiPort }: TemporalOptions): Promise<{ port: number; uiPort?: number }> {
  return { port: await freePortFrom(port), ...(uiPort !== undefined && { uiPort: await freePortFrom(uiPort) }) };
}

interface LaunchOptions extends TemporalOptions {
  port: number;
}

function launch(binary: string, folder: string, options: LaunchOptions): Promise<SupervisedProcess> {
  const { dataDir, port, uiPort, metricsPort, namespaces = [], searchAttributes, dynamicConfig } = options;
  const ports = ['--ip', '127.0.0.1', '--port', String(port), ...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)])];
  const pragmas = ['journal_mode=wal', 'synchronous=full'].flatMap((pragma) => ['--sqlite-pragma', pragma]);
  const store = dataDir === undefined ? [] : ['--db-filename', databaseFile(folder), ...pragmas];
  const settings = { 'matching.useNewMatcher': 'true', 'matching.enableFairness': 'true', ...dynamicConfig };
  const dynamic = Object.entries(settings).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]);
  const attributes = Object.entries(searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]);
  const metrics = metricsPort === undefined ? [] : ['--metrics-port', String(metricsPort)];
  const args = [...ports, ...metrics, ...store, ...dynamic, ...attributes, ...namespaces.flatMap((name) => ['--namespace', name])];
  // a HOME of its own, so that the user's settings for the temporal command do not affect our server
  const supervision = { env: { HOME: folder }, logFile: join(folder, 'temporal.log'), stopSignal: 'SIGTERM', graceMs: 10_000 } as const;
  return superviseProcess({ command: binary, args: ['server', 'start-dev', '--log-level', 'warn', ...args], ...supervision });
}

const databaseFile = (folder: string) => join(folder, 'temporal.sqlite');

// Deletes a database file that never became ready: it may be incomplete, and the server would not complete it.
function discardUnfinished(folder: string): void {
  if (existsSync(join(folder, 'ready'))) return;
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(databaseFile(folder) + end, { force: true });
}

/** Stops a server that a killed process left running on our file. Two servers would destroy it. */
async function stopOrphan(folder: string, log: (line: string) => void): Promise<void> {
  const file = join(folder, 'pid');
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  if (!(pid > 1) || commandLine(pid)?.includes(databaseFile(folder)) !== true) return;
  log(`stopping the Temporal server (pid ${pid}) that an earlier run left behind`);
  if (!(await endProcess(pid, 'SIGTERM'))) await endProcess(pid, 'SIGKILL');
}

function explainFailure(server: SupervisedProcess, folder: string): StartError {
  const tail = server.logTail();
  const lines = tail.trim().split('\n');
  const reason = lines.findLast((line) => /^error|failed|panic/i.test(line)) ?? lines.at(-1) ?? 'its log is empty';
  return folderErrorFromText(tail, folder) ?? new StartError(`Temporal did not start: ${reason} (see ${join(folder, 'temporal.log')})`);
}

async function whyExited(server: SupervisedProcess, folder: string): Promise<StartError | undefined> {
  const { unasked } = await server.exited;
  if (!unasked) return undefined;
  return (
    folderErrorFromText(server.logTail(), folder) ?? new StartError(`Temporal stopped unexpectedly: see ${join(folder, 'temporal.log')}`)
  );
}
