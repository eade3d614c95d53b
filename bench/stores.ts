// PostgreSQL and Temporal for one run: started empty and deleted afterwards, or those of
// DATABASE_URL and TEMPORAL_ADDRESS. They are children of the bench and not of Posthorn, so that
// they survive its kill.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '#config/config';
import { searchAttributes } from '#contract/workflow-contract';
import { startPostgres } from '#embedded/postgres';
import { startTemporal } from '#embedded/temporal';
import { childNamed } from './process-cost.ts';

export interface Stores {
  databaseUrl: string;
  temporalAddress: string;
  /** Null for an external server, whose cost is unknown. */
  postgresPid: number | null;
  temporalPid: number | null;
  /** True if a later run finds the data of this one. */
  kept: boolean;
  folder: string;
  stop(): Promise<void>;
}

/** `metricsPort`: of the Temporal server. */
export async function openStores(config: Config, metricsPort?: number): Promise<Stores> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
  // if we are root, the user postgres must be able to enter
  chmodSync(folder, 0o711);
  const closers: (() => unknown)[] = [() => discard(folder)];
  const stop = async () => {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  };
  try {
    const postgres = config.DATABASE_URL ? null : await startPostgres({ dataDir: join(folder, 'postgres') });
    if (postgres) closers.push(postgres.stop);
    const attributes = Object.fromEntries(searchAttributes.map(({ name }) => [name, 'Keyword' as const]));
    const temporalOptions = {
      dataDir: join(folder, 'temporal'),
      uiPort: 0,
      searchAttributes: attributes,
      cacheDir: config.XDG_CACHE_HOME,
      metricsPort,
    };
    const temporal = config.TEMPORAL_ADDRESS ? null : await startTemporal(temporalOptions);
    if (temporal) closers.push(temporal.stop);
    return {
      databaseUrl: postgres?.url ?? config.DATABASE_URL ?? '',
      temporalAddress: temporal?.address ?? config.TEMPORAL_ADDRESS ?? '',
      postgresPid: postgres && childNamed('postgres'),
      temporalPid: temporal && childNamed('temporal'),
      kept: postgres === null || temporal === null,
      folder,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Deletes the folder of a run with its cluster. */
export function discard(folder: string): void {
  // as root with a private TMPDIR, the cluster is in another folder
  const pointer = join(folder, 'postgres', 'location');
  if (existsSync(pointer)) rmSync(readFileSync(pointer, 'utf8').trim(), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}
