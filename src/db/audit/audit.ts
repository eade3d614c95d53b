// Writes the audit log. A change and its entry are one transaction: both are stored, or neither is.
import { type AuditAction, type AuditActor, type AuditEntry, brief, storedActor } from '#domain/access/audit';
import { isId, uuidOf } from '#domain/ids';
import { type Db, inTransaction } from '../store/pool.ts';

type Querying = Pick<Db, 'query'>;

/** The actor, the action and its origin: the part of an entry that is known before the change. */
export interface Audit {
  actor: AuditActor;
  action: AuditAction;
  /** Address that the request came from. */
  address: string | null;
  requestId: string | null;
  /** Details of the call that the change itself does not show, added to `after`. Nothing secret. */
  also?: Record<string, unknown>;
  /** Makes the entry unique: a repeat writes none. */
  once?: string;
  /** With `once`: a repeat, such as an activity that Temporal runs again, changes nothing either. */
  changesOnce?: true;
}

/** For the command line, used by a person who can read the configuration. */
export function byHand(action: AuditAction): Audit {
  return { actor: { kind: 'cli', id: null }, action, address: null, requestId: null };
}

/** For changes that Posthorn makes without a request. */
export function bySystem(action: AuditAction): Audit {
  return { actor: { kind: 'system', id: null }, action, address: null, requestId: null };
}

/**
 * Appends an entry. Call it last in the transaction of the change, with its client: other appends wait until that ends.
 * Called outside a transaction, right after the change, a crash in between leaves the change without an entry. False: an
 * entry with this `once` exists.
 */
export async function appendAudit(db: Querying, audit: Audit, { tenantId, target, before, after }: AuditEntry): Promise<boolean> {
  const { actor, action, address, requestId, also, once = null } = audit;
  const [was, is] = [brief(before), brief(also ? { ...after, ...also } : after)];
  const owned = (prefix: 'ep' | 'dlv') => (tenantId === undefined && isId(prefix, target.id) ? uuidOf(target.id) : null);
  const { rows } = await db.query<{ seq: number | null }>({
    name: 'append_audit',
    text: `
      select posthorn_audit.append_audit($1, $2, coalesce($3, (select tenant_id from endpoints where id = $12), (select tenant_id from deliveries where id = $13)),
        $4, $5, $6, $7, $8, $9, $10, $11) as seq`,
    values: [
      ...[actor.kind, storedActor(actor), tenantId ? uuidOf(tenantId) : null, action, target.kind, target.id],
      ...[was && JSON.stringify(was), is && JSON.stringify(is), address, requestId, once, owned('ep'), owned('dlv')],
    ],
  });
  return rows[0]?.seq != null;
}

/** What the entry with this `once` says of the state before its change. Null: there is no such entry. */
export async function auditedBefore(db: Querying, once: string): Promise<Record<string, unknown> | null> {
  const { rows } = await db.query<{ before: Record<string, unknown> }>({
    name: 'audited_before',
    text: 'select before from posthorn_audit.audit_log where once = $1',
    values: [once],
  });
  return rows[0]?.before ?? null;
}

/** The result of a change and its entry; entry null: nothing was changed. */
export interface Audited<T> {
  result: T;
  entry: AuditEntry | null;
}

/** The change was made before, by an earlier run of the same activity. This time it is rolled back. */
class MadeBefore extends Error {
  readonly result: unknown;

  constructor(result: unknown) {
    super('the change was made before');
    this.result = result;
  }
}

/**
 * Makes the change in one transaction with its entry. With `changesOnce`, the change is rolled back if an entry with the
 * same `once` exists. Without `audit` (no caller to record) no entry is written.
 */
export async function audited<T>(db: Db, audit: Audit | undefined, change: (client: Querying) => Promise<Audited<T>>): Promise<T> {
  if (!audit) return (await change(db)).result;
  try {
    return await inTransaction(db, async (client) => {
      const { result, entry } = await change(client);
      const isNew = !entry || (await appendAudit(client, audit, entry));
      if (!isNew && audit.changesOnce) throw new MadeBefore(result);
      return result;
    });
  } catch (error) {
    if (error instanceof MadeBefore) return error.result as T;
    throw error;
  }
}
