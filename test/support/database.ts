// A database for a test file: a copy of a migrated template, or a cleaned one of an earlier file of this process.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { migrationsFolder } from '#config/package';
import { migrate } from '#db/store/migrate';
import { makePartitions } from '#db/store/partitions';
import { createPool } from '#db/store/pool';
import { cleanDatabase, type Pristine, readPristine } from './clean-database.ts';
import { testTimings } from './quick-timings.ts';

const template = 'posthorn_template';

export interface TestDatabase {
  url: string;
  db: pg.Pool;
  /** Closes the pool and all other connections. Afterwards, the database is gone or belongs to the next file. */
  drop(): Promise<void>;
}

/** Cleaned databases of this process, which no file uses. */
const clean: string[] = [];
let pristine: Pristine | undefined;

/** `isNew`: a new copy, for a test that reads the files of its database. */
export async function createTestDatabase({ isNew = false } = {}): Promise<TestDatabase> {
  const server = inject('postgresUrl');
  return open(server, (isNew ? undefined : clean.pop()) ?? (await copyTemplate(server)));
}

/** A database without any table. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const server = inject('postgresUrl');
  const name = newName();
  await asSuperuser(server, (client) => client.query(`create database ${name}`));
  return open(server, name);
}

const newName = () => `test_${randomBytes(6).toString('hex')}`;

function open(server: string, name: string): TestDatabase {
  const url = urlOf(server, name);
  const db = createPool({ url, max: 10, onError: () => undefined });
  return {
    url,
    db,
    async drop() {
      await db.end();
      await discard(server, name);
    },
  };
}

async function copyTemplate(server: string): Promise<string> {
  const name = newName();
  await asSuperuser(server, async (client) => {
    await client.query('select pg_advisory_lock(7061101)');
    const { rowCount } = await client.query('select from pg_database where datname = $1', [template]);
    if (rowCount === 0) await makeTemplate(client, server);
    await client.query(`create database ${name} template ${template}`);
  });
  await asSuperuser(urlOf(server, name), async (client) => {
    pristine ??= await readPristine(client);
  });
  return name;
}

async function discard(server: string, name: string): Promise<void> {
  const isClean = await asSuperuser(urlOf(server, name), async (client) => pristine && cleanDatabase(client, pristine));
  if (isClean) clean.push(name);
  else await asSuperuser(server, (client) => client.query(`drop database ${name} with (force)`));
}

async function makeTemplate(client: pg.Client, server: string): Promise<void> {
  const draft = `${template}_draft`;
  await client.query(`drop database if exists ${draft}`);
  await client.query(`create database ${draft}`);
  const db = createPool({ url: urlOf(server, draft), max: 1, onError: () => undefined });
  await migrate(db, migrationsFolder);
  await makePartitions(db, testTimings.partitionDaysAhead);
  await db.end();
  await client.query(`alter database ${draft} rename to ${template}`);
}

async function asSuperuser<T>(server: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}
