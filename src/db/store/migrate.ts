// Runs the missing migrations of `migrations/` in order, each in its own transaction. An advisory
// lock lets one process at a time do it, so it is safe to call from many processes.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PoolClient } from 'pg';
import type { Db } from './pool.ts';

const lock = 7_061_100;
// an index on millions of rows takes longer than the timeout of other queries
const withinMs = 6 * 3_600_000;

/** Brings the schema up to date and returns the names of the migrations it ran. */
export async function migrate(db: Db, folder: string): Promise<string[]> {
  const client = await db.connect();
  try {
    await client.query(`set statement_timeout = ${withinMs}`);
    await client.query(patiently('select pg_advisory_lock($1)', lock));
    await client.query('create table if not exists migrations (name text primary key, applied_at timestamptz not null default now())');
    const { rows } = await client.query<{ name: string }>('select name from migrations');
    const applied = new Set(rows.map((row) => row.name));
    const missing = (await readdir(folder)).filter((name) => /^\d{6}_.*\.sql$/.test(name) && !applied.has(name)).sort();
    for (const name of missing) await apply(client, name, await readFile(join(folder, name), 'utf8'));
    return missing;
  } finally {
    await client.query('select pg_advisory_unlock($1)', [lock]).catch(() => undefined);
    await client.query('reset statement_timeout').catch(() => undefined);
    client.release();
  }
}

async function apply(client: PoolClient, name: string, sql: string): Promise<void> {
  await client.query('begin');
  try {
    await client.query(patiently(sql));
    await client.query('insert into migrations (name) values ($1)', [name]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw new Error(`migration ${name} failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function patiently(text: string, ...values: unknown[]) {
  return { text, ...(values.length > 0 && { values }), query_timeout: withinMs };
}
