// Facts about the whole store: whether it answers, and which master key it was set up with.
import type { Vault } from '#sealing/vault';
import { type Audit, audited } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';

/** Whether PostgreSQL answers. Never throws. */
export async function isStoreUp(db: Db): Promise<boolean> {
  return db.query('select 1').then(
    () => true,
    () => false,
  );
}

/** The id of this database, made at first use: it tells two installations apart that share a Temporal namespace. */
export async function readStoreId(db: Db): Promise<string> {
  await db.query(`insert into settings (name, value) values ('store_id', gen_random_uuid()) on conflict do nothing`);
  const { rows } = await db.query<{ value: string }>(`select value from settings where name = 'store_id'`);
  return rows[0]?.value ?? '';
}

const name = 'master_key_fingerprint';

/**
 * Stores the fingerprint of the master key at first use. Later it throws WrongMasterKey if none of the given keys
 * matches.
 */
export async function checkMasterKey(db: Db, vault: Vault): Promise<void> {
  await db.query('insert into settings (name, value) values ($1, $2) on conflict do nothing', [name, vault.fingerprint]);
  const { rows } = await db.query<{ value: string }>('select value from settings where name = $1', [name]);
  const stored = rows[0]?.value ?? '';
  if (!vault.fingerprints.includes(stored)) throw new WrongMasterKey(stored, vault.fingerprints);
}

/** The fingerprint of the master key that the database was set up with. Null: it has none yet. */
export async function readMasterKeyFingerprint(db: Db): Promise<string | null> {
  const { rows } = await db.query<{ value: string }>('select value from settings where name = $1', [name]);
  return rows[0]?.value ?? null;
}

/**
 * Makes the vault's first key the one that this database expects. `rows`: how many rows were encrypted again for it.
 */
export function setMasterKey(db: Db, vault: Vault, rows: number, audit?: Audit): Promise<void> {
  return audited(db, audit, async (client) => {
    const { rowCount } = await client.query('update settings set value = $2 where name = $1 and value <> $2', [name, vault.fingerprint]);
    const target = { kind: 'master_key', id: vault.fingerprint };
    return { result: undefined, entry: rowCount === 0 && rows === 0 ? null : { tenantId: null, target, before: null, after: { rows } } };
  });
}

class WrongMasterKey extends Error {
  override name = 'WrongMasterKey';

  constructor(stored: string, given: string[]) {
    super(
      `POSTHORN_MASTER_KEY is not the key this database was set up with (its fingerprint is ${stored}, given: ${given.join(', ')}). ` +
        'Start with the original key; to change keys, put the new one in front: new,original.',
    );
  }
}
