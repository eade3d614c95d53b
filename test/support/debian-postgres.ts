// PostgreSQL as Debian packages it, with pg_dump and pg_restore, which the embedded one lacks. Found where it is installed;
// else its packages are downloaded and unpacked into the user's cache folder, once.
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { superviseProcess } from '#embedded/supervised-process';
import { refreshPackageList } from './debian.ts';
import { ownPort } from './own-port.ts';
import { until } from './until.ts';

const run = promisify(execFile);
// as root the server runs as another user, which cannot enter root's home
const caches = userInfo().uid === 0 ? '/var/cache' : (process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'));
const cache = join(caches, 'posthorn', 'debian-postgres');
const programs = ['initdb', 'postgres', 'pg_dump', 'pg_dumpall', 'pg_restore', 'psql'];

export interface DebianPostgres {
  /** As the superuser `postgres`. */
  url(database: string, user?: string): string;
  query<T extends pg.QueryResultRow>(database: string, text: string): Promise<T[]>;
  /** Runs one of its client programs against this server, and returns its output. */
  client(program: 'pg_dump' | 'pg_dumpall' | 'pg_restore' | 'psql', args: string[]): Promise<string>;
  stop(): Promise<void>;
}

/** The folder of its programs. Throws if it is neither installed nor to be had. */
async function findPrograms(): Promise<string> {
  const found = () =>
    [...globSync('/usr/lib/postgresql/*/bin'), ...globSync(join(cache, 'usr/lib/postgresql/*/bin'))]
      .filter((folder) => programs.every((program) => existsSync(join(folder, program))))
      .at(-1);
  const installed = found();
  if (installed) return installed;
  await download().catch((error) => {
    throw new Error('this test needs PostgreSQL with pg_dump and pg_restore: on Debian, `apt-get install postgresql`', { cause: error });
  });
  const downloaded = found();
  if (!downloaded) throw new Error(`the packages of PostgreSQL in ${cache} lack a program`);
  return downloaded;
}

/** Needs no rights: the packages are only unpacked. */
async function download(): Promise<void> {
  await refreshPackageList();
  const { stdout } = await run('apt-cache', ['depends', 'postgresql']);
  const major = /postgresql-(\d+)/.exec(stdout)?.[1];
  mkdirSync(join(cache, '..'), { recursive: true });
  const draft = mkdtempSync(`${cache}-`);
  try {
    const names = [`postgresql-${major}`, `postgresql-client-${major}`, 'libpq5'];
    await run('apt-get', ['download', ...names], { cwd: draft, timeout: 100_000 });
    for (const file of globSync('*.deb', { cwd: draft })) await run('dpkg-deb', ['-x', file, '.'], { cwd: draft });
    chmodSync(draft, 0o755);
    // another run may have unpacked them first
    if (!existsSync(cache)) renameSync(draft, cache);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

let programsFound: Promise<string> | undefined;

/** Starts an empty server, tuned for speed over durability. */
export async function startDebianPostgres(): Promise<DebianPostgres> {
  programsFound ??= findPrograms();
  const bin = await programsFound;
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-debian-postgres-'));
  const account = userInfo().uid === 0 ? await postgresAccount() : undefined;
  if (account) chownSync(folder, account.uid, account.gid);
  chmodSync(folder, 0o755);
  const library = join(cache, 'usr/lib', `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`);
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', ...(bin.startsWith(cache) && { LD_LIBRARY_PATH: library }) };
  const data = join(folder, 'data');
  const trusting = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'];
  await run(join(bin, 'initdb'), ['-D', data, ...trusting], { ...account, cwd: '/', env });
  const port = await ownPort();
  const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: 120, jit: 'off', fsync: 'off' };
  const server = await superviseProcess({
    command: join(bin, 'postgres'),
    args: ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    env,
    ...account,
    logFile: join(folder, 'postgres.log'),
    stopSignal: 'SIGINT',
  });
  const url = (database: string, user = 'postgres') => `postgres://${user}@127.0.0.1:${port}/${database}`;
  const query = async <T extends pg.QueryResultRow>(database: string, text: string) => {
    const client = new pg.Client({ connectionString: url(database) });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<T>(text)).rows;
    } finally {
      await client.end();
    }
  };
  await until('PostgreSQL to answer', () => query('postgres', 'select').then(() => true));
  return {
    url,
    query,
    async client(program, args) {
      const given = { ...env, PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: 'postgres' };
      return (await run(join(bin, program), args, { env: given, maxBuffer: 64 * 1024 * 1024 })).stdout;
    },
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root. */
async function postgresAccount(): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'postgres'])).stdout)));
  return { uid: uid ?? 0, gid: gid ?? 0 };
}
