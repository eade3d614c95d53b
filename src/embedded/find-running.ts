// Finds the embedded servers that another process runs on a data folder, without changing anything there.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lockHolder } from './lock-file.ts';

export interface RunningEmbedded {
  path: string;
  /** The process that runs Posthorn on the folder. Undefined: none. */
  pid: number | undefined;
  /** Undefined: it runs no PostgreSQL of its own. */
  databaseUrl: string | undefined;
  /** Undefined: it runs no Temporal of its own. */
  temporalAddress: string | undefined;
  masterKey: string | undefined;
}

/** Throws if a file may not be read. */
export function findRunningEmbedded(dataDir: string): RunningEmbedded {
  const path = resolve(dataDir);
  const postgres = join(path, 'postgres');
  const temporal = join(path, 'temporal');
  const runs = (folder: string) => lockHolder(join(folder, 'lock')) !== undefined;
  const [port, password] = ['port', 'password'].map((name) => read(join(postgres, name)));
  return {
    path,
    pid: lockHolder(join(path, 'lock')),
    databaseUrl: runs(postgres) && port && password ? `postgres://postgres:${password}@127.0.0.1:${port}/postgres` : undefined,
    temporalAddress: runs(temporal) ? read(join(temporal, 'address')) : undefined,
    masterKey: read(join(path, 'master-key')),
  };
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    throw error;
  }
}
