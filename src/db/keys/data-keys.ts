// Data keys: random keys that encrypt content or make keyed hashes. The vault encrypts each of
// them, with its name as context.
import type { Db } from '../store/pool.ts';

/**
 * The encrypted key with this name. If there is none, stores `fresh()` and returns it. If two calls do so at once, both
 * get the first one's key.
 */
export async function readOrKeepDataKey(db: Db, name: string, fresh: () => Uint8Array): Promise<Uint8Array> {
  const known = await readDataKey(db, name);
  if (known) return known;
  await db.query({
    name: 'keep_data_key',
    text: 'insert into data_keys (name, sealed) values ($1, $2) on conflict do nothing',
    values: [name, fresh()],
  });
  const kept = await readDataKey(db, name);
  if (!kept) throw new Error(`the data key ${name} was deleted right after it was stored`);
  return kept;
}

export async function readDataKey(db: Db, name: string): Promise<Uint8Array | null> {
  const { rows } = await db.query<{ sealed: Buffer }>({
    name: 'read_data_key',
    text: 'select sealed from data_keys where name = $1',
    values: [name],
  });
  return rows[0]?.sealed ?? null;
}

/**
 * Deletes the keys of days whose partition is gone. Backups of those days can then no longer be decrypted. Returns how
 * many.
 */
export async function dropOldDataKeys(db: Db): Promise<number> {
  const { rowCount } = await db.query({
    name: 'drop_old_data_keys',
    text: `
      delete from data_keys
      where case when name like 'content/____-__-__' then right(name, 10)::date < (now() at time zone 'utc')::date - 1
        and to_regclass('events_' || to_char(right(name, 10)::date, 'YYYYMMDD')) is null end`,
  });
  return rowCount ?? 0;
}
