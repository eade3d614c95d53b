// `posthorn keys`: which master key seals how much, and sealing all of it with the first one given.
import { ConfigError } from '#config/config';
import { byHand } from '#db/audit/audit';
import { type KeyUse, readKeyUse, reseal } from '#db/keys/reseal';
import { checkMasterKey } from '#db/keys/settings';
import { createPool, type Db } from '#db/store/pool';
import { createVault, type Vault } from '#sealing/vault';

const usage = `Usage: posthorn keys <command>

  status  how many rows each master key seals
  rotate  seals everything with the first key of POSTHORN_MASTER_KEY; all processes must have both keys by then

docs/secrets-at-rest.md has the order in which to change keys without downtime.`;

export interface KeysConfig {
  DATABASE_URL: string;
  POSTHORN_MASTER_KEY: string[];
}

/** Throws ConfigError for a word it does not know, and when rows are left that another key seals. */
export async function masterKeyCommand(word: string | undefined, config: KeysConfig, print: (line: string) => void): Promise<void> {
  if (word !== 'status' && word !== 'rotate') throw new ConfigError(usage);
  const vault = createVault(config.POSTHORN_MASTER_KEY);
  const db = createPool({ url: config.DATABASE_URL, max: 4, onError: () => undefined });
  try {
    if (word === 'rotate') await rotate(db, vault, print);
    for (const use of await readKeyUse(db)) print(lineOf(use, vault));
  } finally {
    await db.end();
  }
}

async function rotate(db: Db, vault: Vault, print: (line: string) => void): Promise<void> {
  await checkMasterKey(db, vault);
  const { rows, left } = await reseal(db, vault, byHand('master_key.rotate'));
  print(`${rows} rows sealed with the key ${vault.keyIds[0]}…`);
  if (left.length === 0) return;
  for (const use of left) print(lineOf(use, vault));
  throw new ConfigError('Some process still seals with another key: give all of them the new key first, then rotate again.');
}

function lineOf({ column, key, rows }: KeyUse, { keyIds }: Vault): string {
  const at = keyIds.indexOf(key);
  return `${column.padEnd(28)} ${key}… ${String(rows).padStart(9)} rows, ${at === 0 ? 'the first key given' : at > 0 ? `key ${at + 1} of those given` : 'A KEY THAT IS NOT GIVEN'}`;
}
