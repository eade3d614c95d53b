// The data folder (`.posthorn`): holds the embedded servers and generated secrets. It is created on
// first use and locked against a second Posthorn. The lock of a killed process is taken over.
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LockHeldError, takeLock } from './lock-file.ts';
import { explainFolderError, StartError } from './start-error.ts';

export interface KeptSecret {
  secret: string;
  /** The file that holds it, readable only by its owner. */
  file: string;
  /** Created by this call. */
  isNew: boolean;
}

export interface DataDir {
  path: string;
  /** Stores the address of this Posthorn, for the error message of a second start. */
  announce(address: string): void;
  /** Returns the secret stored under `name`; the first time, `make` creates it. */
  readOrCreateSecret(name: string, make: () => string): KeptSecret;
  close(): void;
}

/** Throws a StartError if the folder cannot be written or is in use. */
export async function openDataDir(folder: string): Promise<DataDir> {
  const path = resolve(folder);
  const file = (name: string) => join(path, name);
  try {
    mkdirSync(path, { recursive: true });
    // if we are root, PostgreSQL runs as another user that must be able to enter; files with secrets have their own
    // permissions
    chmodSync(path, process.getuid?.() === 0 ? 0o711 : 0o700);
    const lock = await takeLock(file('lock'));
    return {
      path,
      announce: (address) => writeFileSync(file('address'), `${address}\n`, { mode: 0o600 }),
      readOrCreateSecret: (name, make) => explained(path, () => readOrCreate(file(name), make)),
      close: () => {
        rmSync(file('address'), { force: true });
        lock.release();
      },
    };
  } catch (error) {
    if (error instanceof LockHeldError) throw alreadyRunning(path, error.pid);
    throw explainFolderError(error, path);
  }
}

function alreadyRunning(path: string, pid: number): StartError {
  const address = read(join(path, 'address'));
  const where = address === undefined ? '' : `, see ${address}`;
  return new StartError(
    `Posthorn is already running on ${path} with pid ${pid}${where}. To start another one, set POSTHORN_DATA_DIR to another folder.`,
  );
}

// The rename makes the file appear complete or not at all. Half a key would lock everybody out.
function readOrCreate(file: string, make: () => string): KeptSecret {
  const known = read(file);
  if (known !== undefined) return { secret: known, file, isNew: false };
  const secret = make();
  const draft = `${file}.new`;
  writeFileSync(draft, `${secret}\n`, { mode: 0o600, flush: true });
  renameSync(draft, file);
  return { secret, file, isNew: true };
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function explained<T>(folder: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explainFolderError(error, folder);
  }
}
