// `start`: API and worker in one process, with embedded PostgreSQL and Temporal if no others are
// set. Opens everything in order and closes it in reverse order.
import { type Config, ConfigError } from '#config/config';
import { readTenant } from '#db/access/tenants';
import { openDataDir } from '#embedded/data-dir';
import { type Profile, profilesFile, writeLocalProfile } from '#profiles/profiles';
import type { Logger } from '#runtime/logger';
import { type Closers, openInOrder } from '#runtime/open-in-order';
import { announcement } from './announcement.ts';
import { openCore, type ReadyConfig } from './core.ts';
import { makeDemoTenant, trickle, wantsDemoTenant } from './demo.ts';
import { type EmbeddedConfig, needsEmbedded, nothingEmbedded, startStores } from './embedded-config.ts';
import { listen } from './listening.ts';
import { startServer } from './server.ts';
import type { Siblings } from './siblings.ts';
import { installRuntime } from './temporal-runtime.ts';
import { startWorker } from './worker.ts';

export interface StartOptions {
  demo: boolean;
  /** The output goes to a terminal and not to a log. */
  isTerminal: boolean;
  /** Where progress and the addresses are printed. */
  print(line: string): void;
  /** Called when an embedded server ended unexpectedly. Posthorn cannot continue then. */
  onFailure(error: Error): void;
  /** Stores that the caller has started and will stop (`npm run dev`). Default: missing stores are started here. */
  embedded?: EmbeddedConfig;
  /** The other processes of this Posthorn. Default: there are none. */
  siblings?: Siblings;
}

/** Resolves when everything is ready. The returned function stops everything, in reverse order. */
export async function start(config: Config, log: Logger, options: StartOptions): Promise<() => Promise<void>> {
  return openInOrder((closers, close) => open(config, log, options, closers, close));
}

async function open(config: Config, log: Logger, options: StartOptions, closers: Closers, close: () => Promise<void>): Promise<void> {
  const { demo, print, onFailure, siblings } = options;
  installRuntime(log);
  const dataDir = !options.embedded && needsEmbedded(config) ? await openDataDir(config.POSTHORN_DATA_DIR) : null;
  if (dataDir) closers.push(dataDir.close);
  const listening = siblings?.listening ?? (await listen(config.HOST, config.PORT, config.POSTHORN_PUBLIC_URL));
  closers.push(listening.close);
  const stores = dataDir && (await startStores(config, dataDir, print));
  if (stores) closers.push(stores.stop);
  const embedded = stores ?? options.embedded ?? nothingEmbedded;
  const ready = requireKeys({ ...config, ...embedded.settings });
  const core = await openCore(ready, log);
  closers.push(core.close);
  const worker = startWorker(core, listening.origin, { machine: siblings?.machine });
  closers.push(worker.stop);
  // an event that is accepted earlier would have no owner, and wait 5 s for a relay that is steady
  await worker.relay.begun;
  const temporalUiUrl = config.TEMPORAL_UI_URL ?? embedded.temporalUiUrl;
  const place = { api: listening.local, origin: listening.origin, apiKey: ready.POSTHORN_API_KEY };
  let making = await wantsDemoTenant(core.db, demo);
  closers.push(startServer(core, { listening, temporalUiUrl, worker, starting: () => making, siblings }));
  siblings?.opened(close);
  await listening.opened;
  if (making) await makeDemoTenant(place);
  making = false;
  await siblings?.serving();
  await worker.ready;
  if (demo) closers.push(startTrickle(place, log));
  dataDir?.announce(listening.origin);
  void stores?.failed.then(onFailure);
  const apiKey = { key: ready.POSTHORN_API_KEY, ...embedded.apiKey };
  const { temporalAddress, temporalCommand } = embedded;
  const hasDemo = (await readTenant(core.db, 'demo')) !== null;
  if (isLocal(embedded))
    storeProfile(config, { url: place.api, apiKeyFile: embedded.apiKey?.file, ...(hasDemo && { tenant: 'demo' }) }, log);
  const { isTerminal } = options;
  for (const line of announcement({ ...place, temporalUiUrl, temporalAddress, temporalCommand, apiKey, hasDemo, isTerminal })) print(line);
}

/** Posthorn runs on stores that were started for it, on this machine. */
const isLocal = ({ settings }: EmbeddedConfig) => settings.DATABASE_URL !== undefined;

/** So that the command line finds this Posthorn. A home folder that cannot be written is no reason to stop. */
function storeProfile(config: Config, profile: Profile, log: Logger): void {
  try {
    writeLocalProfile(profilesFile(config), profile);
  } catch (error) {
    log.warn({ err: error }, 'profile.not_stored');
  }
}

/**
 * Checks that the database URL and both keys are set; with an external database the operator creates them. Throws
 * ConfigError.
 */
export function requireKeys(config: Config): ReadyConfig & { POSTHORN_API_KEY: string } {
  return requireSettings(config, ['DATABASE_URL', 'POSTHORN_API_KEY', 'POSTHORN_MASTER_KEY']);
}

type Needed = 'DATABASE_URL' | 'POSTHORN_API_KEY' | 'POSTHORN_MASTER_KEY';

/** Throws a ConfigError that names the missing variables, with the commands that create missing keys. */
export function requireSettings<N extends Needed>(config: Config, needed: readonly N[]): Config & Required<Pick<Config, N>> {
  const missing = needed.filter((name) => config[name] === undefined);
  if (missing.length === 0) return config as Config & Required<Pick<Config, N>>;
  const make = missing.filter((name) => name !== 'DATABASE_URL').map((name) => `  export ${name}="$(openssl rand -base64 32)"`);
  const howMade =
    make.length === 0 ? '' : ` Create the keys once, store them safely, and use the same keys for every process:\n${make.join('\n')}`;
  throw new ConfigError(`${missing.join(' and ')} must be set.${howMade}`);
}

function startTrickle(place: Parameters<typeof trickle>[0], log: Logger): () => Promise<void> {
  const stopping = new AbortController();
  const trickling = trickle(place, stopping.signal).catch((error) => log.warn({ err: error }, 'demo.failed'));
  return async () => {
    stopping.abort();
    await trickling;
  };
}
