// Creates a database for a test file, copied from a migrated template.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { migrationsFolder } from '#config/package';
import { migrate } from '#db/store/migrate';
import { makePartitions } from '#db/store/partitions';
import { createPool } from '#db/store/pool';

const template = 'posthorn_template';

export interface TestDatabase {
  url: string;
  db: pg.Pool;
  /** Closes the pool and drops the database, even with open connections. */
  drop(): Promise<void>;
}

export function createTestDatabase(): Promise<TestDatabase> {
  return create(async (client, server, name) => {
    await client.query('select pg_advisory_lock(7061101)');
    const { rowCount } = await client.query('select from pg_database where datname = $1', [template]);
    if (rowCount === 0) await makeTemplate(client, server);
    await client.query(`create database ${name} template ${template}`);
  });
}

/** A database without any table. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return create((client, _server, name) => client.query(`create database ${name}`));
}

async function create(make: (client: pg.Client, server: string, name: string) => Promise<unknown>): Promise<TestDatabase> {
  const server = inject('postgresUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asSuperuser(server, (client) => make(client, server, name));
  const url = urlOf(server, name);
  const db = createPool({ url, max: 10, onError: () => undefined });
  return {
    url,
    db,
    async drop() {
      await db.end();
      await asSuperuser(server, (client) => client.query(`drop database ${name} with (force)`));
    },
  };
}

async function makeTemplate(client: pg.Client, server: string): Promise<void> {
  const draft = `${template}_draft`;
  await client.query(`drop database if exists ${draft}`);
  await client.query(`create database ${draft}`);
  const db = createPool({ url: urlOf(server, draft), max: 1, onError: () => undefined });
  await migrate(db, migrationsFolder);
  await makePartitions(db);
  await db.end();
  await client.query(`alter database ${draft} rename to ${template}`);
}

async function asSuperuser(server: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}
