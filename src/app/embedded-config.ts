// Starts the embedded stores that the configuration lacks, and completes the configuration with
// their addresses and with the keys that are kept in the data folder.
import { randomBytes } from 'node:crypto';
import type { Config } from '#config/config';
import { searchAttributes } from '#contract/workflow-contract';
import type { DataDir, KeptSecret } from '#embedded/data-dir';
import { startEmbedded } from '#embedded/embedded-stores';
import type { StartError } from '#embedded/start-error';
import { makeKey } from '#sealing/new-api-key';

/** What a process needs to use stores that are already running. Plain JSON. */
export interface EmbeddedConfig {
  /** Addresses and keys that the environment does not set. */
  settings: Partial<Config>;
  /** Null: the API key is not stored in the data folder. */
  apiKey: KeptSecret | null;
  /** Null: not embedded. */
  temporalAddress: string | null;
  /** See `command` in `temporal.ts`. Null: not embedded. */
  temporalCommand: string | null;
  temporalUiUrl: string | null;
}

export interface RunningStores extends EmbeddedConfig {
  /** Resolves with an error message when one of them ends unexpectedly. */
  failed: Promise<StartError>;
  stop(): Promise<void>;
}

export const nothingEmbedded: EmbeddedConfig = {
  settings: {},
  apiKey: null,
  temporalAddress: null,
  temporalCommand: null,
  temporalUiUrl: null,
};

export const needsEmbedded = (config: Config): boolean => config.DATABASE_URL === undefined || config.TEMPORAL_ADDRESS === undefined;

/** Throws a StartError if a store cannot start. Nothing is left running then. */
export async function startStores(config: Config, dataDir: DataDir, log: (line: string) => void): Promise<RunningStores> {
  const kept = keptKeys(config, dataDir);
  const stores = await startEmbedded({
    dataDir,
    temporalPort: config.TEMPORAL_PORT,
    temporalUiPort: config.TEMPORAL_UI_PORT,
    needPostgres: config.DATABASE_URL === undefined,
    needTemporal: config.TEMPORAL_ADDRESS === undefined,
    searchAttributes: Object.fromEntries(searchAttributes.map(({ name }) => [name, 'Keyword'])),
    temporalNamespaces: config.TEMPORAL_NAMESPACE === 'default' ? [] : [config.TEMPORAL_NAMESPACE],
    ...(config.XDG_CACHE_HOME && { cacheDir: config.XDG_CACHE_HOME }),
    log,
  });
  return {
    settings: {
      DATABASE_URL: config.DATABASE_URL ?? stores.databaseUrl,
      TEMPORAL_ADDRESS: config.TEMPORAL_ADDRESS ?? stores.temporalAddress,
      ...kept.settings,
    },
    apiKey: kept.apiKey,
    temporalAddress: stores.temporalAddress ?? null,
    temporalCommand: stores.temporalCommand ?? null,
    temporalUiUrl: stores.temporalUiUrl ?? null,
    failed: stores.failed,
    stop: stores.stop,
  };
}

/** With the embedded PostgreSQL: creates the keys that are not set, once, and stores them in the data folder. */
function keptKeys(config: Config, dataDir: DataDir): Pick<EmbeddedConfig, 'settings' | 'apiKey'> {
  if (config.DATABASE_URL !== undefined) return { settings: {}, apiKey: null };
  const masterKey = config.POSTHORN_MASTER_KEY ?? [
    dataDir.readOrCreateSecret('master-key', () => randomBytes(32).toString('base64')).secret,
  ];
  const apiKey = config.POSTHORN_API_KEY ? null : dataDir.readOrCreateSecret('api-key', () => makeKey().key);
  return {
    settings: { POSTHORN_MASTER_KEY: masterKey, ...(apiKey && { POSTHORN_API_KEY: apiKey.secret }) },
    apiKey,
  };
}
