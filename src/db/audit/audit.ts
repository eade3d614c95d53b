// Writing the audit log: a change and its entry are one transaction, so neither is there without the other.
import { type AuditAction, type AuditActor, type AuditEntry, brief } from '#domain/audit';
import { isId, uuidOf } from '#domain/ids';
import { type Db, inTransaction } from '../store/pool.ts';

type Querying = Pick<Db, 'query'>;

/** Who does what, and from where: all of an entry that is known before the change. */
export interface Audit {
  actor: AuditActor;
  action: AuditAction;
  /** Where the request came from. */
  address: string | null;
  requestId: string | null;
  /** What the call says of the change that the change itself does not show: it stands in `after`. Nothing secret. */
  also?: Record<string, unknown>;
  /** What may be told twice, such as an order in Temporal, is written once under this word. */
  once?: string;
}

/** At the command line, by whoever may read the configuration. */
export function byHand(action: AuditAction): Audit {
  return { actor: { kind: 'cli', id: null }, action, address: null, requestId: null };
}

/** What Posthorn does of its own accord. */
export function bySystem(action: AuditAction): Audit {
  return { actor: { kind: 'system', id: null }, action, address: null, requestId: null };
}

/**
 * To be called last in the transaction of the change, with its client: nobody else can append until that ends. Without a transaction, right after a change,
 * it leaves that unwritten if the process dies in between.
 */
export async function appendAudit(db: Querying, audit: Audit, { tenantId, target, before, after }: AuditEntry): Promise<void> {
  const { actor, action, address, requestId, also, once = null } = audit;
  const [was, is] = [brief(before), brief(also ? { ...after, ...also } : after)];
  const owned = (prefix: 'ep' | 'dlv') => (tenantId === undefined && isId(prefix, target.id) ? uuidOf(target.id) : null);
  await db.query({
    name: 'append_audit',
    text: `
      select posthorn_audit.append_audit($1, $2, coalesce($3, (select tenant_id from endpoints where id = $12), (select tenant_id from deliveries where id = $13)),
        $4, $5, $6, $7, $8, $9, $10, $11)`,
    values: [
      ...[actor.kind, actor.id, tenantId ? uuidOf(tenantId) : null, action, target.kind, target.id],
      ...[was && JSON.stringify(was), is && JSON.stringify(is), address, requestId, once, owned('ep'), owned('dlv')],
    ],
  });
}

/** What a change came to, and what is to be written of it; null: nothing was changed. */
export interface Audited<T> {
  result: T;
  entry: AuditEntry | null;
}

/** Makes the change in one transaction with its entry. Without an `audit` - nobody asked for it - the change stands alone. */
export async function audited<T>(db: Db, audit: Audit | undefined, change: (client: Querying) => Promise<Audited<T>>): Promise<T> {
  if (!audit) return (await change(db)).result;
  return inTransaction(db, async (client) => {
    const { result, entry } = await change(client);
    if (entry) await appendAudit(client, audit, entry);
    return result;
  });
}
