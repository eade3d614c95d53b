// Starts a child process that never outlives us, not even if we are killed by SIGKILL.
// A watcher process beside it holds one end of a pipe of ours, and ends the child when it closes.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import type { Writable } from 'node:stream';

export interface SuperviseOptions {
  command: string;
  args: readonly string[];
  /** Replaces our own environment. */
  env?: Record<string, string>;
  uid?: number;
  gid?: number;
  /** Standard output and error are appended to this file. Without it they are dropped. */
  logFile?: string;
  /** The signal that asks the process to end. After `graceMs` (default 20 s) it gets SIGKILL. */
  stopSignal: 'SIGINT' | 'SIGTERM';
  graceMs?: number;
}

export interface SupervisedProcess {
  pid: number;
  /** Resolves when the process and its watcher are gone. `unasked`: stop() was not called. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null; unasked: boolean }>;
  isRunning(): boolean;
  stop(): Promise<void>;
  /** The end of this process's log, at most 8 KiB. */
  logTail(): string;
}

// The shell starts a watcher that is not its child, because a server could misread an unknown child, and becomes the
// command. The watcher reads the pipe: a line means that it may end, the end of the pipe means that we died. A zombie
// (Z) counts as gone.
const script = `
signal=$1 tenths=$2; shift 2
( (
  read -r goodbye <&3 && exit
  kill -s "$signal" $$ || exit
  while kill -0 $$; do
    case $(cat /proc/$$/stat) in *') Z '*) exit;; esac
    tenths=$((tenths - 1))
    [ $tenths -gt 0 ] || { kill -s KILL $$; exit; }
    sleep 0.1
  done
) >/dev/null 2>&1 & )
exec "$@" 3<&-`;

/**
 * Starts the command. Rejects if it cannot be spawned. The process gets its own session, so Ctrl-C in a terminal does
 * not reach it.
 */
export async function superviseProcess(options: SuperviseOptions): Promise<SupervisedProcess> {
  const { command, args, env, uid, gid, logFile, stopSignal, graceMs = 20_000 } = options;
  const log = logFile === undefined ? undefined : openLog(logFile);
  const output = log?.fd ?? 'ignore';
  const supervisorArgs = ['-c', script, 'posthorn-watcher', stopSignal.slice(3), String(Math.ceil(graceMs / 100)), command, ...args];
  const child = spawn('/bin/sh', supervisorArgs, { cwd: '/', env, uid, gid, detached: true, stdio: ['ignore', output, output, 'pipe'] });
  if (log !== undefined) closeSync(log.fd);
  let asked = false;
  const exited = new Promise<Awaited<SupervisedProcess['exited']>>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, unasked: !asked }));
  });
  dismissWatcherAtExit(child);
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  return {
    pid: child.pid ?? 0,
    exited,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    stop: async () => {
      asked = true;
      child.kill(stopSignal);
      const killer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(killer);
    },
    logTail: () => (logFile === undefined ? '' : readFrom(logFile, log?.start ?? 0)),
  };
}

function dismissWatcherAtExit(child: ReturnType<typeof spawn>): void {
  const pipe = child.stdio[3] as Writable & { resume(): void };
  // the watcher may be gone already
  pipe.on('error', () => undefined);
  pipe.resume();
  child.once('exit', () => pipe.end('\n'));
}

const logLimit = 10 * 1024 * 1024;

function openLog(file: string): { fd: number; start: number } {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > logLimit) renameSync(file, `${file}.1`);
  return { fd: openSync(file, 'a', 0o600), start: size > logLimit ? 0 : size };
}

function readFrom(file: string, start: number): string {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const from = Math.max(start, size - 8 * 1024);
  const bytes = Buffer.alloc(Math.max(0, size - from));
  if (bytes.length === 0) return '';
  const fd = openSync(file, 'r');
  const read = readSync(fd, bytes, 0, bytes.length, from);
  closeSync(fd);
  return bytes.toString('utf8', 0, read);
}
