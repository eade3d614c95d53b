// Changes the master key: decrypts everything and encrypts it with the first key given, a few rows
// at a time. Each row names its key, so an interrupted or concurrent run continues with the rows
// left.
import type { Vault } from '#sealing/vault';
import type { Audit } from '../audit/audit.ts';
import { type Db, inTransaction } from '../store/pool.ts';
import { type SealedColumn, type SealedRow, sealedColumns } from './sealed-columns.ts';
import { setMasterKey } from './settings.ts';

const atOnce = 500;
/** Other processes may still write with another key while this one goes through the tables, so it repeats. */
const passes = 3;

export interface KeyUse {
  column: string;
  /** The first eight hex digits of the key's fingerprint. */
  key: string;
  rows: number;
}

/** How many rows each key has encrypted, by column. */
export async function readKeyUse(db: Db): Promise<KeyUse[]> {
  const uses = await Promise.all(sealedColumns.map((column) => countColumn(db, column)));
  return uses.flat();
}

async function countColumn(db: Db, { column, count }: SealedColumn): Promise<KeyUse[]> {
  const { rows } = await db.query<{ key: string; rows: number }>({ text: count });
  return rows.map((row) => ({ column, ...row }));
}

/**
 * Encrypts everything with the vault's first key. Returns how many rows it encrypted again, and those still encrypted
 * with another key.
 */
export async function reseal(db: Db, vault: Vault, audit?: Audit): Promise<{ rows: number; left: KeyUse[] }> {
  let rows = 0;
  let left: KeyUse[] = [];
  for (let pass = 0; pass < passes; pass++) {
    for (const column of sealedColumns) rows += await resealColumn(db, vault, column);
    left = (await readKeyUse(db)).filter(({ key }) => key !== vault.keyIds[0]);
    if (left.length > 0) continue;
    await setMasterKey(db, vault, rows, audit);
    break;
  }
  return { rows, left };
}

async function resealColumn(db: Db, vault: Vault, column: SealedColumn): Promise<number> {
  let total = 0;
  for (let after = column.start; ; ) {
    const page = await resealPage(db, vault, column, after);
    total += page.length;
    const last = page.at(-1);
    if (!last || page.length < atOnce) return total;
    after = last.at;
  }
}

function resealPage(db: Db, vault: Vault, { read, write, context }: SealedColumn, after: string[]): Promise<SealedRow[]> {
  return inTransaction(db, async (client) => {
    const { rows } = await client.query<SealedRow>(read, [vault.keyIds[0], after, atOnce]);
    const resealed = rows.map(({ at, sealed }) => vault.seal(vault.open(sealed, context(at)), context(at)));
    if (rows.length > 0) await client.query(write, [rows.map(({ at }) => JSON.stringify(at)), resealed]);
    return rows;
  });
}

/** A master key that is in use in this database is not among those given. */
export class MissingMasterKey extends Error {
  override name = 'MissingMasterKey';

  constructor(missing: KeyUse[]) {
    const which = missing.map(({ column, key, rows }) => `${rows} rows of ${column} with the key ${key}…`).join(', ');
    super(
      `POSTHORN_MASTER_KEY lacks a key that is in use: ${which}. Add it after the first one, run 'posthorn keys rotate' once all processes ` +
        'have both keys, and only then remove it.',
    );
  }
}

/**
 * Throws MissingMasterKey. Checks only columns that last: answers kept for an Idempotency-Key are deleted within a day.
 */
export async function checkKeysInUse(db: Db, vault: Pick<Vault, 'keyIds'>): Promise<void> {
  const uses = await Promise.all(sealedColumns.filter(({ checked }) => checked).map((column) => countColumn(db, column)));
  const missing = uses.flat().filter(({ key }) => !vault.keyIds.includes(key));
  if (missing.length > 0) throw new MissingMasterKey(missing);
}
