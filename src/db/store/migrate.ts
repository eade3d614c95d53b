// Runs the missing migrations of `migrations/` in order, each in its own transaction. An advisory
// lock lets one process at a time do it, so it is safe to call from many processes.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PoolClient } from 'pg';
import type { Db } from './pool.ts';

const lock = 7_061_100;
// an index on millions of rows takes longer than the timeout of other queries
const withinMs = 6 * 3_600_000;
const tries = 5;

export interface Migration {
  name: string;
  sql: string;
  /** SHA-256 of its text. */
  checksum: string;
}

/**
 * Brings the schema up to date and returns the names of the migrations it ran. Throws UnknownSchema, and changes
 * nothing, if the database was migrated by a version of Posthorn that was never released.
 */
export async function migrate(db: Db, folder: string): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const client = await db.connect();
  try {
    await client.query(`set statement_timeout = ${withinMs}`);
    await client.query(patiently('select pg_advisory_lock($1)', lock));
    await client.query(`
      create table if not exists migrations (
        name text primary key, checksum text not null, applied_at timestamptz not null default now())`);
    const applied = await readApplied(client);
    checkApplied(applied, migrations);
    const missing = migrations.filter(({ name }) => !applied.has(name));
    for (const migration of missing) await apply(client, migration);
    return missing.map(({ name }) => name);
  } finally {
    await client.query('select pg_advisory_unlock($1)', [lock]).catch(() => undefined);
    await client.query('reset statement_timeout').catch(() => undefined);
    client.release();
  }
}

export async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{6}_.*\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      // a checkout on Windows may have other line ends
      const sql = (await readFile(join(folder, name), 'utf8')).replaceAll('\r\n', '\n');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/** The checksums of the applied migrations by name; null: unreleased versions did not store any. */
export async function readApplied(client: Pick<Db, 'query'>): Promise<Map<string, string | null>> {
  const { rows } = await client.query<{ name: string; checksum: string | null }>(
    `select name, to_jsonb(m) ->> 'checksum' as checksum from migrations m order by name`,
  );
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}

/**
 * Released migrations are never changed, and new ones get higher numbers (docs/decisions/0024). So a higher number that
 * is unknown comes from a newer version, which has to work beside this one; any other difference comes from an
 * unreleased version.
 */
export function checkApplied(applied: Map<string, string | null>, migrations: Migration[]): void {
  const known = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  const last = migrations.at(-1)?.name ?? '';
  for (const [name, checksum] of applied) {
    if (known.has(name) ? known.get(name) !== checksum : name < last) throw new UnknownSchema(name);
  }
}

async function apply(client: PoolClient, migration: Migration): Promise<void> {
  for (let left = tries; ; left--) {
    await client.query('begin');
    try {
      await client.query(patiently(migration.sql));
      await client.query('insert into migrations (name, checksum) values ($1, $2)', [migration.name, migration.checksum]);
      await client.query('commit');
      return;
    } catch (error) {
      const isConnectionGone = await client.query('rollback').then(
        () => false,
        () => true,
      );
      if (isConnectionGone) throw error;
      const message = error instanceof Error ? error.message : String(error);
      // Another database of the cluster has just created the same role. PostgreSQL still remembers that it was missing,
      // until a later transaction.
      if (left === 0 || !/^role ".*" does not exist$/.test(message))
        throw new Error(`migration ${migration.name} failed: ${message}`, { cause: error });
      await client.query('select pg_sleep(0.1)');
    }
  }
}

function patiently(text: string, ...values: unknown[]) {
  return { text, ...(values.length > 0 && { values }), query_timeout: withinMs };
}

/** The database has a schema that no migration leads to the current one. */
export class UnknownSchema extends Error {
  override name = 'UnknownSchema';

  constructor(migration: string) {
    super(
      `This database was set up by an unreleased version of Posthorn (its migration ${migration} is not one of this version's), and cannot be ` +
        'upgraded: delete the data folder (.posthorn, or POSTHORN_DATA_DIR), or set DATABASE_URL to a new, empty database.',
    );
  }
}
