// Collects everything that others could read of a Posthorn: its database as a dump and as files,
// and all data in Temporal.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Db } from '#db/store/pool';

/** Every row of every table as text, including bytes. */
export async function dump(db: Db): Promise<string> {
  const { rows } = await db.query<{ name: string }>(
    `select oid::regclass::text as name from pg_class where relkind = 'r' and relnamespace in ('public'::regnamespace, 'posthorn_audit'::regnamespace)`,
  );
  const texts = await Promise.all(rows.map(({ name }) => db.query<{ text: string }>(`select t::text as text from ${name} t`)));
  return texts.flatMap((one) => one.rows.map(({ text }) => text)).join('\n');
}

/** The content of the database files and WAL files on this machine's disk that were written since `sinceMs`. */
export async function databaseFiles(db: Db, sinceMs: number): Promise<Buffer> {
  await db.query('checkpoint');
  const { rows } = await db.query<{ folder: string; oid: string }>(
    `select current_setting('data_directory') as folder, oid::text from pg_database where datname = current_database()`,
  );
  const { folder = '', oid = '' } = rows[0] ?? {};
  const files = [join(folder, 'base', oid), join(folder, 'pg_wal')].flatMap((one) =>
    readdirSync(one, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(one, entry.name)),
  );
  return Buffer.concat(files.filter((file) => statSync(file).mtimeMs >= sinceMs).map((file) => readFileSync(file)));
}

/** All data of a namespace in Temporal: lists, and histories with the bytes of their payloads. */
export async function histories({ workflow }: Client): Promise<string> {
  const found: string[] = [];
  for await (const info of workflow.list()) {
    const { raw, ...rest } = info;
    found.push(readable(raw), readable(rest), readable(await workflow.getHandle(info.workflowId, info.runId).fetchHistory()));
  }
  return found.join('\n');
}

function readable(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, plain) {
    // JSON.stringify has already converted Buffers when it calls this function
    const bytes = this[key];
    return bytes instanceof Uint8Array ? Buffer.from(bytes).toString('latin1') : plain;
  });
}
