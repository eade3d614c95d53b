// Maintenance commands as an operator runs them: each one needs only what it uses, and ends, even
// without Temporal.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts';
import { compileCache } from '../support/start-cost.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');
const masterKey = { POSTHORN_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') };
let database: TestDatabase;
let url: { DATABASE_URL: string };

beforeAll(async () => {
  database = await createTestDatabase();
  url = { DATABASE_URL: database.url };
});
afterAll(() => database?.drop());

async function posthorn(args: string[], env: Record<string, string>): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: compileCache, LOG_LEVEL: 'fatal', ...env },
  });
  const [out, err]: [string[], string[]] = [[], []];
  child.stdout.on('data', (chunk) => out.push(String(chunk)));
  child.stderr.on('data', (chunk) => err.push(String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out: out.join(''), err: err.join('') };
}

describe.concurrent('posthorn', () => {
  it('migrate needs only the database', async () => {
    expect(await posthorn(['migrate'], url)).toEqual({
      code: 0,
      err: '',
      out: expect.stringMatching(/^0 migrations applied, \d+ partitions created\n$/),
    });
    expect(await posthorn(['migrate'], {})).toEqual({ code: 1, out: '', err: 'DATABASE_URL must be set.\n' });
  });

  it('migrate and server refuse the database of an unreleased version with one line', async () => {
    const unreleased = await createEmptyDatabase();
    await unreleased.db.query('create table migrations (name text primary key, applied_at timestamptz not null default now())');
    await unreleased.db.query(`insert into migrations (name) values ('000001_core.sql'), ('000002_batched_dispatch.sql')`);
    const env = {
      ...masterKey,
      DATABASE_URL: unreleased.url,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      POSTHORN_API_KEY: 'k'.repeat(40),
      PORT: '0',
    };
    for (const command of ['migrate', 'server']) {
      const { code, out, err } = await posthorn([command], env);
      expect([code, out], command).toEqual([1, '']);
      expect(err, command).toMatch(/^This database was set up by an unreleased version of Posthorn .*: delete the data folder .*\.\n$/);
    }
    const tables = `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`;
    expect((await unreleased.db.query(tables)).rows).toEqual([{ name: 'migrations' }]);
    await unreleased.drop();
  });

  it('a command that fails prints one line, and the stack only with LOG_LEVEL=debug', async () => {
    const nowhere = { DATABASE_URL: 'postgres://posthorn@127.0.0.1:1/posthorn' };
    const away = 'PostgreSQL is not available: connect ECONNREFUSED 127.0.0.1:1. Check DATABASE_URL.\n';
    expect(await posthorn(['migrate'], nowhere)).toEqual({ code: 3, out: '', err: away });
    const { code, out, err } = await posthorn(['migrate'], { ...nowhere, LOG_LEVEL: 'debug' });
    expect([code, out, err.startsWith(`${away}Error: connect ECONNREFUSED`)]).toEqual([3, '', true]);
    expect(err).toMatch(/^ +at /m);

    const unknown = new URL(url.DATABASE_URL);
    unknown.username = 'nobody_here';
    const refused = await posthorn(['api-keys', 'list'], { DATABASE_URL: unknown.href });
    expect([refused.code, refused.out]).toEqual([1, '']);
    expect(refused.err).toMatch(/^.*nobody_here.* \(LOG_LEVEL=debug prints the stack\)\n$/);
  });

  it('keys needs no API key', async () => {
    expect(await posthorn(['keys', 'status'], { ...url, ...masterKey })).toMatchObject({ code: 0, err: '' });
  });

  it('reconcile ends with a message and exit code 3 if Temporal is away', async () => {
    const { code, out, err } = await posthorn(['reconcile'], { ...url, ...masterKey, TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expect([code, out, err]).toEqual([
      3,
      '',
      'Temporal at 127.0.0.1:1 did not answer within 10 s. Check TEMPORAL_ADDRESS, then run this command again.\n',
    ]);
  });
});
