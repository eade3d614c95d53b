// `posthorn keys`: shows which master key encrypts how many rows, and re-encrypts all with the
// first.
import { ConfigError } from '#config/config';
import { byHand } from '#db/audit/audit';
import { type KeyUse, readKeyUse, reseal } from '#db/keys/reseal';
import { checkMasterKey } from '#db/keys/settings';
import { createPool, type Db } from '#db/store/pool';
import { createVault, type Vault } from '#sealing/vault';

const usage = `Usage: posthorn keys <command>

  status  shows how many rows each master key encrypts
  rotate  re-encrypts everything with the first key of POSTHORN_MASTER_KEY; give all processes both keys first

To change keys without downtime, follow the steps in docs/secrets-at-rest.md.`;

export interface KeysConfig {
  DATABASE_URL: string;
  POSTHORN_MASTER_KEY: string[];
}

/** Throws ConfigError for an unknown command, and if rows are left that another key encrypts. */
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
  print(`${rows} rows encrypted with the key ${vault.keyIds[0]}…`);
  if (left.length === 0) return;
  for (const use of left) print(lineOf(use, vault));
  throw new ConfigError('A process still encrypts with another key. Give all processes the new key as the first one, then rotate again.');
}

function lineOf({ column, key, rows }: KeyUse, { keyIds }: Vault): string {
  const at = keyIds.indexOf(key);
  return `${column.padEnd(28)} ${key}… ${String(rows).padStart(9)} rows, ${at === 0 ? 'first key of POSTHORN_MASTER_KEY' : at > 0 ? `key ${at + 1} of POSTHORN_MASTER_KEY` : 'KEY MISSING in POSTHORN_MASTER_KEY'}`;
}
