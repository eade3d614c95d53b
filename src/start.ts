// `start`: API and worker in one process, with embedded PostgreSQL and Temporal where no others are named. Opened in order, closed in reverse.
import { randomBytes } from 'node:crypto';
import { type Config, ConfigError } from './config.ts';
import { openCore, type ReadyConfig } from './core.ts';
import { makeFirstTenant, trickle } from './demo.ts';
import { type DataDir, openDataDir } from './embedded/data-dir.ts';
import { type EmbeddedStores, startEmbedded } from './embedded/embedded-stores.ts';
import { firstEventCommand } from './home-page.ts';
import { listen } from './listening.ts';
import type { Logger } from './logger.ts';
import { startServer } from './server.ts';
import { installRuntime, startWorker } from './worker.ts';
import { searchAttributes } from './workflows/contract.ts';

export interface StartOptions {
  demo: boolean;
  /** Where progress and the addresses are printed. */
  print(line: string): void;
  /** An embedded server ended by itself: nothing works any more. */
  onFailure(error: Error): void;
}

/** Resolves when everything answers; the returned function stops it all, in reverse order. */
export async function start(config: Config, log: Logger, options: StartOptions): Promise<() => Promise<void>> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (let closer = closers.pop(); closer; closer = closers.pop()) await closer();
  };
  try {
    await open(config, log, options, closers);
    return close;
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(config: Config, log: Logger, { demo, print, onFailure }: StartOptions, closers: (() => unknown)[]): Promise<void> {
  installRuntime(log);
  const embedded = config.DATABASE_URL === undefined || config.TEMPORAL_ADDRESS === undefined;
  const dataDir = embedded ? await openDataDir(config.POSTHORN_DATA_DIR) : null;
  if (dataDir) closers.push(dataDir.close);
  const listening = await listen(config.HOST, config.PORT, config.POSTHORN_PUBLIC_URL);
  closers.push(() => listening.http.close());
  const stores = dataDir && (await startStores(config, dataDir, print));
  if (stores) closers.push(stores.stop);
  const ready = requireKeys({ ...config, ...(dataDir && embeddedSettings(config, dataDir, stores)) });
  const core = await openCore(ready, log);
  closers.push(core.close);
  const worker = startWorker(core, listening.origin);
  closers.push(worker.stop);
  const temporalUiUrl = config.TEMPORAL_UI_URL ?? stores?.temporalUiUrl ?? null;
  closers.push(startServer(core, { listening, temporalUiUrl, relay: worker.relay }));
  await worker.ready;
  const place = { db: core.db, origin: listening.origin, apiKey: ready.POSTHORN_API_KEY };
  await makeFirstTenant(place);
  if (demo) closers.push(startTrickle(place, log));
  dataDir?.announce(listening.origin);
  void stores?.failed.then(onFailure);
  printAddresses(print, listening.origin, temporalUiUrl, ready.POSTHORN_API_KEY);
}

function startStores(config: Config, dataDir: DataDir, log: (line: string) => void): Promise<EmbeddedStores> {
  return startEmbedded({
    dataDir,
    temporalUiPort: config.TEMPORAL_UI_PORT,
    needPostgres: config.DATABASE_URL === undefined,
    needTemporal: config.TEMPORAL_ADDRESS === undefined,
    searchAttributes: Object.fromEntries(searchAttributes.map(({ name }) => [name, 'Keyword'])),
    temporalNamespaces: config.TEMPORAL_NAMESPACE === 'default' ? [] : [config.TEMPORAL_NAMESPACE],
    ...(config.XDG_CACHE_HOME && { cacheDir: config.XDG_CACHE_HOME }),
    log,
  });
}

/** What the embedded servers settle: their addresses, and with our own PostgreSQL keys made once and kept beside it. */
function embeddedSettings(config: Config, dataDir: DataDir, stores: EmbeddedStores | null): Partial<Config> {
  const { DATABASE_URL, TEMPORAL_ADDRESS, POSTHORN_API_KEY, POSTHORN_MASTER_KEY } = config;
  const secret = (name: string, make: () => string) => (DATABASE_URL === undefined ? dataDir.readOrCreateSecret(name, make) : undefined);
  const masterKey = POSTHORN_MASTER_KEY ? undefined : secret('master-key', () => randomBytes(32).toString('base64'));
  return {
    DATABASE_URL: DATABASE_URL ?? stores?.databaseUrl,
    TEMPORAL_ADDRESS: TEMPORAL_ADDRESS ?? stores?.temporalAddress,
    POSTHORN_API_KEY: POSTHORN_API_KEY ?? secret('api-key', () => `phk_${randomBytes(32).toString('base64url')}`),
    POSTHORN_MASTER_KEY: masterKey === undefined ? POSTHORN_MASTER_KEY : [masterKey],
  };
}

/** With a database of your own, its keys are yours to make and to keep. */
export function requireKeys(config: Config): ReadyConfig {
  const missing = (['DATABASE_URL', 'POSTHORN_API_KEY', 'POSTHORN_MASTER_KEY'] as const).filter((name) => config[name] === undefined);
  if (missing.length === 0) return config as ReadyConfig;
  const make = missing.filter((name) => name !== 'DATABASE_URL').map((name) => `  export ${name}="$(openssl rand -base64 32)"`);
  throw new ConfigError(
    `${missing.join(' and ')} must be set. Make keys once, keep them safe, and give every process the same:\n${make.join('\n')}`,
  );
}

function startTrickle(place: Parameters<typeof trickle>[0], log: Logger): () => Promise<void> {
  const stopping = new AbortController();
  const trickling = trickle(place, stopping.signal).catch((error) => log.warn({ err: error }, 'demo.failed'));
  return async () => {
    stopping.abort();
    await trickling;
  };
}

function printAddresses(print: (line: string) => void, origin: string, temporalUiUrl: string | null, apiKey: string): void {
  print('');
  print('Posthorn is running. Ctrl-C stops it; the next start goes on where it was.');
  print(`  API              ${origin}/v1`);
  print(`  API description  ${origin}/openapi.json`);
  if (temporalUiUrl) print(`  Temporal Web UI  ${temporalUiUrl}`);
  print(`  API key          ${apiKey}`);
  print('');
  print('Send a first event:');
  print('');
  print(firstEventCommand(origin, apiKey));
  print('');
  print('and see it arrive, signed, at the sandbox receiver:');
  print('');
  print(`curl -H "authorization: Bearer ${apiKey}" ${origin}/sandbox/demo`);
}
