// The `posthorn` command: one word for each role, and for upkeep by hand.
import { parseArgs } from 'node:util';
import { openCore } from '#app/core';
import { listen } from '#app/listening';
import { startMetricsServer } from '#app/metrics-server';
import { startServer } from '#app/server';
import { requireKeys, requireSettings, start } from '#app/start';
import { installRuntime, startWorker } from '#app/worker';
import { ConfigError, readConfig } from '#config/config';
import { StartError } from '#embedded/start-error';
import { createLogger } from '#runtime/logger';
import { apiKeys } from './api-keys.ts';
import { auditCommand } from './audit.ts';
import { masterKeyCommand } from './master-key.ts';
import { NotReachable } from './not-reachable.ts';
import { reconcile } from './reconcile.ts';
import { upgradeStore } from './upgrade-store.ts';

const usage = `Usage: posthorn <command>

  start [--demo]  API and worker in one process; without DATABASE_URL or TEMPORAL_ADDRESS it starts its own PostgreSQL or Temporal
  server          API only
  worker          worker only
  migrate         brings the database schema up to date
  keys            status or rotation of the master key
  reconcile       starts every delivery and every lane that should be under way and is not, at once
  audit           verify or export: the audit log (docs/audit.md)
  api-keys …      makes, lists and revokes API keys: \`posthorn api-keys\` says how

Every setting is an environment variable: see docs/configuration.md.`;

/** Resolves when the text is taken, so that an export is not piled up in memory. */
const write = (text: string) =>
  new Promise<void>((resolve, reject) => process.stdout.write(text, (error) => (error ? reject(error) : resolve())));
const print = (line: string) => process.stdout.write(`${line}\n`);

const storeAndMasterKey = ['DATABASE_URL', 'POSTHORN_MASTER_KEY'] as const;

/** Runs the command and returns what stops it; null when it has ended. */
async function run([command, word]: string[], demo: boolean): Promise<(() => Promise<void>) | null> {
  const config = readConfig();
  const log = createLogger(config.LOG_LEVEL);
  switch (command) {
    case 'start':
      return start(config, log, { demo, print, isTerminal: process.stdout.isTTY === true, onFailure: fail });
    case 'server': {
      const core = await openCore(requireKeys(config), log, 'server');
      const listening = await listen(config.HOST, config.PORT, config.POSTHORN_PUBLIC_URL);
      return inTurn(startServer(core, { listening, temporalUiUrl: config.TEMPORAL_UI_URL ?? null, relay: undefined }), core.close);
    }
    case 'worker': {
      installRuntime(log);
      const core = await openCore(requireSettings(config, storeAndMasterKey), log);
      const origin = config.POSTHORN_PUBLIC_URL ? new URL(config.POSTHORN_PUBLIC_URL).origin : `http://${config.HOST}:${config.PORT}`;
      const closeMetrics = await startMetricsServer(core);
      return inTurn(startWorker(core, origin).stop, closeMetrics, core.close);
    }
    case 'migrate':
      await upgradeStore(requireSettings(config, ['DATABASE_URL']).DATABASE_URL, print);
      return null;
    case 'keys':
      await masterKeyCommand(word, requireSettings(config, storeAndMasterKey), print);
      return null;
    case 'reconcile': {
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
  if (command === 'audit') process.exit(await auditCommand(rest, write));
  if (command === 'api-keys') return apiKeys(rest, readConfig(), print);
  const { values, positionals } = readArguments();
  let asked = false;
  let stop: (() => Promise<void>) | null = null;
  let started = false;
  const end = async () => {
    if (asked && started) return;
    asked = true;
    if (!started) return;
    print('stopping…');
    await stop?.();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  stop = await run(positionals, values.demo);
  started = true;
  if (asked) {
    asked = false;
    await end();
  }
}

/** Ends the process with one message; embedded servers end with it. */
function fail(error: unknown): never {
  // what the operator can mend is one message; anything else is a fault of ours and shows where
  const plain = error instanceof ConfigError || error instanceof StartError || error instanceof NotReachable;
  process.stderr.write(`${plain ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(error instanceof NotReachable ? 3 : 1);
}

await main().catch(fail);
