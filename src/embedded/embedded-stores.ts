// Starts embedded PostgreSQL and Temporal on one data folder, if needed, and stops them in reverse
// order.
import { join } from 'node:path';
import type { DataDir } from './data-dir.ts';
import { startPostgres } from './postgres.ts';
import type { StartError } from './start-error.ts';
import { startTemporal } from './temporal.ts';
import type { SearchAttributes } from './temporal-readiness.ts';

export interface EmbeddedOptions {
  dataDir: DataDir;
  temporalPort?: number;
  temporalUiPort: number;
  needPostgres: boolean;
  needTemporal: boolean;
  /** In addition to `default`. */
  temporalNamespaces?: readonly string[];
  searchAttributes: SearchAttributes;
  /** Cache folder for a downloaded or built Temporal; `~/.cache` by default. */
  cacheDir?: string;
  log?: (line: string) => void;
}

export interface EmbeddedStores {
  databaseUrl?: string;
  temporalAddress?: string;
  /** See `command` in `temporal.ts`. */
  temporalCommand?: string;
  temporalUiUrl?: string;
  /** Resolves with an error message when one of them ends unexpectedly. */
  failed: Promise<StartError>;
  stop(): Promise<void>;
}

interface Running {
  exited: Promise<StartError | undefined>;
  stop(): Promise<void>;
}

/** Throws a StartError if one of them cannot start. Nothing is left running then. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedStores> {
  const { dataDir, needPostgres, needTemporal, temporalPort, temporalUiPort, temporalNamespaces, searchAttributes, cacheDir, log } =
    options;
  const running: Running[] = [];
  const keep = <T extends Running>(server: T): T => {
    running.unshift(server);
    return server;
  };
  try {
    const postgres = needPostgres ? keep(await startPostgres({ dataDir: join(dataDir.path, 'postgres'), log })) : undefined;
    const temporalOptions = { port: temporalPort, uiPort: temporalUiPort, namespaces: temporalNamespaces, searchAttributes, cacheDir, log };
    const temporal = needTemporal ? keep(await startTemporal({ dataDir: join(dataDir.path, 'temporal'), ...temporalOptions })) : undefined;
    return {
      databaseUrl: postgres?.url,
      temporalAddress: temporal?.address,
      temporalCommand: temporal?.command,
      temporalUiUrl: temporal?.uiUrl ?? undefined,
      failed: firstFailure(running),
      stop: () => stopAll(running),
    };
  } catch (error) {
    await stopAll(running);
    throw error;
  }
}

async function stopAll(running: readonly Running[]): Promise<void> {
  for (const server of running) await server.stop();
}

const firstFailure = (running: readonly Running[]): Promise<StartError> =>
  new Promise((resolve) => {
    for (const { exited } of running) void exited.then((failure) => failure !== undefined && resolve(failure));
  });
