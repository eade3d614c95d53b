// Changes of the converters of a type, in one transaction with their entry in the audit log.
import { type Audit, audited } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';
import { targetOf } from './change-catalogue.ts';
import type { StoredType } from './event-type-row.ts';
import { readType } from './event-types.ts';

interface Change {
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

/** `change` runs under the lock of the type; an error that it throws rolls back. False: no such type. */
export async function changeConverters(
  db: Db,
  name: string,
  audit: Audit,
  change: (db: Pick<Db, 'query'>, type: StoredType) => Promise<Change>,
): Promise<boolean> {
  return audited(db, audit, async (client) => {
    const type = await readType(client, name, true);
    if (!type) return { result: false, entry: null };
    return { result: true, entry: { ...targetOf(name), ...(await change(client, type)) } };
  });
}
