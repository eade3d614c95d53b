// Reads the audit log: a page, newest first, or all of it, oldest first. Entries become visible in
// the order of their numbers, without gaps: a reader that has seen a number has missed no earlier
// one.
import { type AuditState, type AuditView, actorOfStored } from '#domain/access/audit';
import { inUtc } from '#domain/events/event';
import { idOf, isId, uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

export interface AuditFilter {
  /** `tnt_…`: only the tenant's own entries, as it may see them. */
  tenantId: string | null;
  /** The producer's tenant id: entries of every tenant that ever had it. */
  tenant: string | null;
  action: string | null;
  since: string | null;
  until: string | null;
}

interface AuditRow {
  seq: number;
  at: string;
  actor_kind: AuditView['actor']['kind'];
  actor_id: string | null;
  tenant: string | null;
  tenant_id: string | null;
  action: string;
  target_kind: string;
  target_id: string;
  before: AuditState;
  after: AuditState;
  address: string | null;
  request_id: string | null;
  once: string | null;
  prev_hash: Buffer;
  hash: Buffer;
}

// Not prepared by name: planned with its values, a filter that is null costs nothing.
const columns = `
  l.seq, to_char(l.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, l.actor_kind, l.actor_id, t.external_id as tenant, l.tenant_id,
  l.action, l.target_kind, l.target_id, l.before, l.after, l.address, l.request_id, l.once, l.prev_hash, l.hash
  from posthorn_audit.audit_log l left join tenants t on t.id = l.tenant_id
  where ($1::uuid is null or l.tenant_id = $1) and ($2::text is null or l.tenant_id in (select id from tenants where external_id = $2))
    and ($3::text is null or l.action = $3) and ($4::timestamptz is null or l.at >= $4) and ($5::timestamptz is null or l.at < $5)`;

/** Entries with a lower number than `before`, newest first. */
export async function listAudit(db: Pick<Db, 'query'>, filter: AuditFilter, before: number | null, limit: number): Promise<AuditView[]> {
  const { rows } = await db.query<AuditRow>({
    text: `select ${columns} and ($6::bigint is null or l.seq < $6) order by l.seq desc limit $7`,
    values: [...valuesOf(filter), before, limit],
  });
  return views(db, filter, rows);
}

/** Entries with a higher number than `after`, oldest first. */
export async function auditAfter(db: Pick<Db, 'query'>, filter: AuditFilter, after: number, limit: number): Promise<AuditView[]> {
  const { rows } = await db.query<AuditRow>({
    text: `select ${columns} and l.seq > $6::bigint order by l.seq limit $7`,
    values: [...valuesOf(filter), after, limit],
  });
  return views(db, filter, rows);
}

function valuesOf({ tenantId, tenant, action, since, until }: AuditFilter): unknown[] {
  return [tenantId && uuidOf(tenantId), tenant, action, since && inUtc(since), until && inUtc(until)];
}

/** A tenant does not see the address and request of changes that others made, for example the operator. */
async function views(db: Pick<Db, 'query'>, { tenantId }: AuditFilter, rows: AuditRow[]): Promise<AuditView[]> {
  if (tenantId === null) return rows.map(toView);
  const own = await actorsOf(db, tenantId, rows);
  const hidden = (view: AuditView): AuditView => ({
    ...view,
    actor: { kind: view.actor.kind, id: view.actor.id },
    address: null,
    requestId: null,
    once: null,
  });
  return rows.map(toView).map((view) => (own.has(view.actor.id) ? view : hidden(view)));
}

/** The actors that are keys, links or sessions of this tenant. */
async function actorsOf(db: Pick<Db, 'query'>, tenantId: string, rows: AuditRow[]): Promise<Set<string | null>> {
  const actors = [...new Set(rows.map((row) => actorOfStored(row.actor_kind, row.actor_id).id ?? ''))];
  const ids = (prefix: 'key' | 'lnk' | 'ses') => actors.filter((id) => isId(prefix, id)).map(uuidOf);
  const { rows: own } = await db.query<{ prefix: 'key' | 'lnk' | 'ses'; id: string }>({
    text: `
      select 'key' as prefix, id from api_keys where tenant_id = $1 and id = any($2::uuid[])
      union all select 'lnk', id from portal_links where tenant_id = $1 and id = any($3::uuid[])
      union all select 'ses', id from sessions where tenant_id = $1 and id = any($4::uuid[])`,
    values: [uuidOf(tenantId), ids('key'), ids('lnk'), ids('ses')],
  });
  return new Set(own.map(({ prefix, id }) => idOf(prefix, id)));
}

function toView(row: AuditRow): AuditView {
  return {
    seq: row.seq,
    at: row.at,
    actor: actorOfStored(row.actor_kind, row.actor_id),
    tenant: row.tenant,
    tenantId: row.tenant_id && idOf('tnt', row.tenant_id),
    action: row.action,
    target: { kind: row.target_kind, id: row.target_id },
    before: row.before,
    after: row.after,
    address: row.address,
    requestId: row.request_id,
    once: row.once,
    prevHash: row.prev_hash.toString('hex'),
    hash: row.hash.toString('hex'),
  };
}
