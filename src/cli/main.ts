// The `posthorn` command: one subcommand for each role and for each maintenance task.
import { constants } from 'node:os';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ChildFailed } from '#app/child-slot';
import { openCore } from '#app/core';
import { startMetricsServer } from '#app/metrics-server';
import { openLog } from '#app/process-log';
import { type ProcessesOptions, startProcesses } from '#app/processes';
import { serve } from '#app/serve';
import { requireSettings, start } from '#app/start';
import { installRuntime } from '#app/temporal-runtime';
import { type RunningWorker, startWorker } from '#app/worker';
import { ConfigError, readConfig } from '#config/config';
import { processesOf, thisMemoryMiB } from '#config/processes';
import { thisMachine } from '#config/sizing';
import { apiKeys } from './api-keys.ts';
import { auditCommand } from './audit.ts';
import { doctorCommand } from './doctor.ts';
import { exitCodeOf, failureText } from './failure-text.ts';
import { masterKeyCommand } from './master-key.ts';
import { reconcile } from './reconcile.ts';
import { upgradeStore } from './upgrade-store.ts';

const usage = `Usage: posthorn <command>

  start [--demo]  runs API and worker together; starts an embedded PostgreSQL or Temporal if
                  DATABASE_URL or TEMPORAL_ADDRESS is not set
  server          runs only the API
  worker          runs only the worker
  migrate         brings the database schema up to date
  keys            shows the status of the master keys, or rotates them
  reconcile       starts every overdue delivery and lane at once
  ingest          takes in events from a producer's database, Kafka or RabbitMQ (docs/ingest.md)
  audit           verifies or exports the audit log (docs/audit.md)
  doctor          checks the installation, and says what to do (docs/doctor.md)
  api-keys        creates, lists and revokes API keys; run \`posthorn api-keys\` for its options

All settings are environment variables: see docs/configuration.md.`;

/** Resolves when standard output has taken the text, so that an export does not pile up in memory. */
const write = (text: string) =>
  new Promise<void>((resolve, reject) => process.stdout.write(text, (error) => (error ? reject(error) : resolve())));
const print = (line: string) => process.stdout.write(`${line}\n`);

const storeAndMasterKey = ['DATABASE_URL', 'POSTHORN_MASTER_KEY'] as const;

/** Runs the command. Returns a function that stops it, or null if it has ended. */
async function run([command, word]: string[], demo: boolean): Promise<(() => Promise<void>) | null> {
  const config = readConfig();
  const log = await openLog(config);
  const program = join(import.meta.dirname, `child${extname(import.meta.filename)}`);
  const count = processesOf(config, thisMachine(), thisMemoryMiB());
  const options: ProcessesOptions = { count, program, demo, print, isTerminal: process.stdout.isTTY === true, onFailure: fail };
  switch (command) {
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
    default:
      throw new ConfigError(usage);
  }
}

function inTurn(...closers: (() => Promise<void>)[]): () => Promise<void> {
  return async () => {
    for (const close of closers) await close();
  };
}

function readArguments() {
  try {
    return parseArgs({ allowPositionals: true, options: { demo: { type: 'boolean', default: false } } });
  } catch {
    throw new ConfigError(usage);
  }
}

async function main(): Promise<void> {
  const [command, ...rest] = process.argv.slice(2);
  if (command === '--help' || command === '-h') return void print(usage);
  if (command === 'doctor') process.exit(await doctorCommand(rest, write));
  if (command === 'audit') process.exit(await auditCommand(rest, write));
  if (command === 'api-keys') return apiKeys(rest, readConfig(), print);
  const { values, positionals } = readArguments();
  let askedAt: number | null = null;
  let stop: (() => Promise<void>) | null = null;
  let started = false;
  const end = async () => {
    // only for a person: the output of a service is one JSON document per line
    if (process.stdout.isTTY) print('Stopping …');
    await stop?.();
    process.exit(0);
  };
  const asked = (signal: NodeJS.Signals) => {
    const now = performance.now();
    if (askedAt !== null && now - askedAt > repeatedSignalMs) endAtOnce(signal);
    if (askedAt !== null) return;
    askedAt = now;
    if (started) void end();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, asked);
  stop = await run(positionals, values.demo);
  started = true;
  if (askedAt !== null) await end();
}

/** A terminal and npm each pass on one Ctrl-C, so two signals right after each other are one. */
const repeatedSignalMs = 500;

/** What is in flight is not recorded, and is sent again by another process. */
function endAtOnce(signal: NodeJS.Signals): never {
  process.stderr.write('Stopped at once, because it was told to stop a second time.\n');
  process.exit(128 + constants.signals[signal]);
}

/** Ends the process with one message; embedded servers end with it. */
function fail(error: unknown): never {
  // the child has printed its message
  if (error instanceof ChildFailed && error.exitCode !== null) process.exit(error.exitCode || 1);
  process.stderr.write(`${failureText(error, logLevel())}\n`);
  process.exit(exitCodeOf(error));
}

function logLevel(): string {
  try {
    return readConfig().LOG_LEVEL;
  } catch {
    return 'info';
  }
}

await main().catch(fail);
