// Checks of the keys: whether the master key is the one of this database, and whether a rotation is unfinished.
import { checkKeysInUse, MissingMasterKey, readKeyUse } from '#db/keys/reseal';
import { readMasterKeyFingerprint } from '#db/keys/settings';
import type { Db } from '#db/store/pool';
import { createVault } from '#sealing/vault';
import type { Context } from './context.ts';
import type { Finding, Findings } from './finding.ts';
import type { Check } from './run-checks.ts';

export function keyChecks(context: Context): Check[] {
  return [
    { name: 'keys.apiKey', run: async (findings) => apiKey(findings, context) },
    { name: 'keys.masterKey', run: (findings) => masterKey(findings, context) },
  ];
}

function apiKey({ ok, warning }: Findings, { config }: Context): Finding[] {
  if (config.POSTHORN_API_KEY !== undefined) return ok('POSTHORN_API_KEY is set.');
  if (config.DATABASE_URL === undefined) return ok('The API key is kept in the data folder.');
  return warning(
    'POSTHORN_API_KEY is not set: `posthorn server` and `posthorn start` do not start without it. A worker needs none.',
    'Set it for the processes with an API: export POSTHORN_API_KEY="$(openssl rand -base64 32)"',
  );
}

async function masterKey(findings: Findings, { places, migrated }: Context): Promise<Finding[]> {
  if (places.masterKeys === undefined)
    return findings.error(
      'POSTHORN_MASTER_KEY is not set, or not valid: no secret can be read.',
      'Set it to the key this database was set up with. For a new database, make one: openssl rand -base64 32',
    );
  const db = await migrated;
  return db ? fits(findings, db, places.masterKeys) : [];
}

async function fits({ ok, warning, error }: Findings, db: Db, masterKeys: string[]): Promise<Finding[]> {
  const vault = createVault(masterKeys);
  const stored = await readMasterKeyFingerprint(db);
  if (stored === null) return ok('The database has no secrets yet; the first start binds it to POSTHORN_MASTER_KEY.');
  if (!vault.fingerprints.includes(stored))
    return error(
      `POSTHORN_MASTER_KEY is not the key of this database: its fingerprint is ${stored}, given: ${vault.fingerprints.join(', ')}.`,
      'Set the original key. To change keys, put the new one in front: new,original (docs/secrets-at-rest.md).',
    );
  try {
    await checkKeysInUse(db, vault);
  } catch (fault) {
    if (!(fault instanceof MissingMasterKey)) throw fault;
    return error(fault.message, 'Add the missing key to POSTHORN_MASTER_KEY (docs/secrets-at-rest.md).');
  }
  const old = (await readKeyUse(db)).filter(({ key }) => key !== vault.keyIds[0]).reduce((sum, { rows }) => sum + rows, 0);
  if (old > 0)
    return warning(`A rotation of the master key is unfinished: an older key encrypts ${old} rows.`, 'Run `posthorn keys rotate`.');
  if (masterKeys.length > 1)
    return warning(
      'POSTHORN_MASTER_KEY lists keys that encrypt nothing any more.',
      'Remove all but the first, once every process has it and backups that need the others are gone.',
    );
  return ok('POSTHORN_MASTER_KEY is the key of this database.');
}
