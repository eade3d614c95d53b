// `npm run dev`: runs all of Posthorn from the sources, and restarts it when they change. This
// process keeps PostgreSQL and Temporal running; bin/dev-posthorn.ts is the part that restarts.
import { parseArgs } from 'node:util';
import { type EmbeddedConfig, needsEmbedded, nothingEmbedded, startStores } from '#app/embedded-config';
import { type Config, ConfigError, readConfig } from '#config/config';
import { openDataDir } from '#embedded/data-dir';
import { freePort } from '#embedded/free-port';
import { StartError } from '#embedded/start-error';
import { startDevProcess } from './dev-process.ts';
import { restartOnChange } from './restart-on-change.ts';

const usage = `Usage: npm run dev [-- --demo] [--inspect[=[host:]port]] [--inspect-brk[=[host:]port]]

  --demo     makes an endpoint that fails twice, and sends events
  --inspect  lets a debugger attach to Posthorn; with -brk, Posthorn waits for it at each start`;

const print = (line: string) => process.stdout.write(`${line}\n`);

/** `nodeArgs` are for the Node that runs Posthorn. Throws a ConfigError with the usage. */
function readOptions(): { demo: boolean; nodeArgs: string[] } {
  const given = process.argv.slice(2);
  const nodeArgs = given.filter((arg) => /^--inspect(-brk)?(=|$)/.test(arg));
  const args = given.filter((arg) => !nodeArgs.includes(arg));
  try {
    return { ...parseArgs({ args, options: { demo: { type: 'boolean', default: false } } }).values, nodeArgs };
  } catch {
    throw new ConfigError(usage);
  }
}

interface OpenStores {
  embedded: EmbeddedConfig;
  /** Resolves when an embedded server ends unexpectedly. */
  failed: Promise<Error>;
  close(): Promise<void>;
}

async function openStores(config: Config): Promise<OpenStores> {
  if (!needsEmbedded(config)) return { embedded: nothingEmbedded, failed: new Promise(() => undefined), close: async () => undefined };
  const dataDir = await openDataDir(config.POSTHORN_DATA_DIR);
  dataDir.announce(`http://${config.HOST}:${config.PORT}`);
  const { failed, stop, ...embedded } = await startStores(config, dataDir, print);
  return { embedded, failed, close: () => stop().finally(dataDir.close) };
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function main(): Promise<void> {
  const { demo, nodeArgs } = readOptions();
  const config = readConfig();
  // the same port after each restart
  if (config.PORT === 0) config.PORT = await freePort();
  const env = { ...process.env, PORT: String(config.PORT) };
  // a signal now ends the process at once, and what it has started ends with it
  const stores = await openStores(config);
  const asked = new Promise<void>((resolve) => {
    for (const signal of signals) process.on(signal, () => resolve());
  });
  const posthorn = restartOnChange(() => startDevProcess({ nodeArgs, env, input: { embedded: stores.embedded, demo } }), print);
  const failure = await Promise.race([asked, stores.failed]);
  for (const signal of signals) process.on(signal, posthorn.kill);
  await posthorn.stop();
  await stores.close();
  if (failure) throw failure;
}

function fail(error: unknown): never {
  const isFixable = error instanceof ConfigError || error instanceof StartError;
  process.stderr.write(`${isFixable ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

await main().catch(fail);
process.exit(0);
