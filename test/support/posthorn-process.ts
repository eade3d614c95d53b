// Starts, freezes, continues, kills and stops real Posthorn processes for the chaos tests.
// None of them outlives the test run.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { Timings } from '#domain/timings';
import { superviseProcess } from '#embedded/supervised-process';
import type { Checkpoint } from '#runtime/checkpoints';
import { type Api, createApi } from './api.ts';
import { testApiKey } from './posthorn.ts';
import { processSource } from './process-program.ts';
import { testTimings } from './quick-timings.ts';
import { compileCache, nodeFlags, startTimeoutMs } from './start-cost.ts';
import { until } from './until.ts';

export interface ProcessOptions {
  /** The whole environment of the process, which inherits nothing from ours. */
  env: Record<string, string>;
  /** `all` (the default): server and worker in one process. */
  role?: 'all' | 'server' | 'worker';
  /** Default: the usual ones. */
  timings?: Timings;
  /** The process kills itself when it reaches this checkpoint for the `time`-th time (default 1). */
  dieAt?: Checkpoint;
  time?: number;
  /**
   * Which line to wait for. `listening` does not wait for Temporal; `ready` (the default) means that the worker polls.
   */
  awaited?: 'listening' | 'ready';
  /** Loads the sources in place of their bundle: slower, but each function is in its own file. */
  fromSources?: boolean;
  /** Its workflows are those of the previous build (previous-build.ts). */
  isPreviousBuild?: boolean;
  /** Of its dispatches. */
  pageSize?: number;
  /** Further arguments for Node. */
  nodeArgs?: string[];
}

export interface PosthornProcess extends Api {
  pid: number;
  origin: string;
  /** Resolves when the process is gone. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
  /** Sends SIGTERM and resolves with how the process ended. */
  stop(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** The whole output of the process. */
  log(): string;
}

export interface ProcessGroup {
  start(options: ProcessOptions): Promise<PosthornProcess>;
  /** Kills the processes that still run. `keepLogs`: keeps their logs and returns the folder. */
  end(keepLogs: boolean): Promise<string | null>;
}

export function createProcessGroup(): ProcessGroup {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-chaos-'));
  const started: { kill(): Promise<void> }[] = [];
  let count = 0;

  return {
    async start({
      env,
      role = 'all',
      timings = testTimings,
      dieAt,
      time = 1,
      awaited = 'ready',
      fromSources = false,
      nodeArgs = [],
      ...worker
    }) {
      const logFile = join(folder, `${++count}-${role}${dieAt ? `-${dieAt.replace(' ', '-')}` : ''}.log`);
      const program = fromSources ? processSource : inject('processProgram');
      const args = [...nodeFlags, ...nodeArgs, program, role, ...(dieAt ? [dieAt, String(time)] : [])];
      const child = await superviseProcess({
        command: process.execPath,
        args,
        env: { ...env, TIMINGS: JSON.stringify(timings), WORKER: JSON.stringify(worker), NODE_COMPILE_CACHE: compileCache },
        logFile,
        stopSignal: 'SIGTERM',
        graceMs: 60_000,
      });
      const send = (signal: NodeJS.Signals) => void (child.isRunning() && process.kill(child.pid, signal));
      const kill = async () => {
        send('SIGKILL');
        await child.exited;
      };
      started.push({ kill });
      const log = () => readFileSync(logFile, 'utf8');
      const said = (line: RegExp) => line.exec(log());
      const announced = awaited === 'ready' ? /^ready$/m : /^listening /m;
      await until(`the process ${awaited}`, () => !child.isRunning() || said(announced), startTimeoutMs);
      if (!said(announced)) throw new Error(`the process has ended: ${log()}`);
      const origin = said(/^listening (\S+)$/m)?.[1] ?? '';
      return {
        ...createApi(origin, testApiKey),
        pid: child.pid,
        origin,
        exited: child.exited,
        freeze: () => send('SIGSTOP'),
        thaw: () => send('SIGCONT'),
        kill,
        async stop() {
          send('SIGTERM');
          return child.exited;
        },
        log,
      };
    },
    async end(keepLogs) {
      await Promise.all(started.map(({ kill }) => kill()));
      if (keepLogs) return folder;
      rmSync(folder, { recursive: true, force: true });
      return null;
    },
  };
}
