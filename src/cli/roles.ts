// The commands that run Posthorn, or work on its stores: `posthorn start`, `server`, `worker`, `migrate` and others. They need
// the whole program, so the command line loads this file only for them.
import { extname, join } from 'node:path';
import { ChildFailed } from '#app/child-slot';
import { openCore } from '#app/core';
import { startMetricsServer } from '#app/metrics-server';
import { openLog } from '#app/process-log';
import { type ProcessesOptions, startProcesses } from '#app/processes';
import { serve } from '#app/serve';
import { requireSettings, start } from '#app/start';
import { installRuntime } from '#app/temporal-runtime';
import { type RunningWorker, startWorker } from '#app/worker';
import { readConfig } from '#config/config';
import { processesOf, thisMemoryMiB } from '#config/processes';
import { thisMachine } from '#config/sizing';
import { exitCodeOf, printFailure } from './failure-text.ts';
import { masterKeyCommand } from './master-key.ts';
import { reconcile } from './reconcile.ts';
import { onStopSignal } from './terminal/stop-signals.ts';
import { upgradeStore } from './upgrade-store.ts';

const print = (line: string) => void process.stdout.write(`${line}\n`);

const storeAndMasterKey = ['DATABASE_URL', 'POSTHORN_MASTER_KEY'] as const;

export type Role = 'start' | 'server' | 'worker' | 'migrate' | 'keys' | 'reconcile';

export interface RoleOptions {
  /** Of `start`. */
  demo?: boolean;
  /** Of `keys`. */
  word?: string;
}

/** Runs the command. Returns a function that stops it, or null if it has ended. */
async function run(role: Role, { word, demo = false }: RoleOptions): Promise<(() => Promise<void>) | null> {
  const config = readConfig();
  const log = await openLog(config);
  const program = join(import.meta.dirname, `child${extname(import.meta.filename)}`);
  const count = processesOf(config, thisMachine(), thisMemoryMiB());
  const options: ProcessesOptions = { count, program, demo, print, isTerminal: process.stdout.isTTY === true, onFailure: fail };
  switch (role) {
    case 'start':
      return count > 1 ? startProcesses('start', config, log, options) : start(config, log, options);
    case 'server':
      return count > 1 ? startProcesses('server', config, log, options) : serve(config, log);
    case 'worker': {
      installRuntime(log);
      const core = await openCore(requireSettings(config, storeAndMasterKey), log);
      const origin = config.POSTHORN_PUBLIC_URL ? new URL(config.POSTHORN_PUBLIC_URL).origin : `http://${config.HOST}:${config.PORT}`;
      let worker: RunningWorker | undefined;
      let stopping = false;
      const closeMetrics = await startMetricsServer(
        core,
        () => worker?.isPolling() ?? false,
        () => stopping,
      );
      worker = startWorker(core, origin);
      const unready = async () => {
        stopping = true;
      };
      return inTurn(unready, worker.stop, closeMetrics, core.close);
    }
    case 'migrate':
      await upgradeStore(requireSettings(config, ['DATABASE_URL']).DATABASE_URL, print);
      return null;
    case 'keys':
      await masterKeyCommand(word, requireSettings(config, storeAndMasterKey), print);
      return null;
    case 'reconcile': {
      installRuntime(log);
      const core = await openCore(requireSettings(config, storeAndMasterKey), log);
      await reconcile(core, print);
      await core.close();
      return null;
    }
  }
}

function inTurn(...closers: (() => Promise<void>)[]): () => Promise<void> {
  return async () => {
    for (const close of closers) await close();
  };
}

/** Ends the process when the command has ended, or when a signal has stopped it. */
export async function runRole(role: Role, options: RoleOptions = {}): Promise<void> {
  await runUntilStopped(role, options).catch(fail);
}

async function runUntilStopped(role: Role, options: RoleOptions): Promise<void> {
  let asked = false;
  let stop: (() => Promise<void>) | null = null;
  let started = false;
  const end = async () => {
    // only for a person: the output of a service is one JSON document per line
    if (process.stdout.isTTY) print('Stopping …');
    await stop?.();
    process.exit(0);
  };
  onStopSignal(() => {
    asked = true;
    if (started) end().catch(fail);
  });
  stop = await run(role, options);
  started = true;
  if (asked) await end();
}

/** Ends the process with one message; embedded servers end with it. */
function fail(error: unknown): never {
  // the child has printed its message
  if (error instanceof ChildFailed && error.exitCode !== null) process.exit(error.exitCode || 1);
  printFailure(error, logLevel());
  process.exit(exitCodeOf(error));
}

function logLevel(): string {
  try {
    return readConfig().LOG_LEVEL;
  } catch {
    return 'info';
  }
}
