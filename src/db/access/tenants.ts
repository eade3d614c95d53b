// Tenants, found by the producer's id. Deleting a tenant keeps its rows and frees its id.
import { type AuditState, changedFields, withoutSecrets } from '#domain/access/audit';
import { usualMaxEndpoints } from '#domain/endpoints/endpoint-limits';
import { type StoredTenant, systemTenantId, type TenantRetention } from '#domain/endpoints/tenant';
import { idOf, uuidOf } from '#domain/ids';
import type { RateLimit } from '#domain/lanes/lane-settings';
import { type Audit, type Audited, appendAudit, audited } from '../audit/audit.ts';
import { type Db, inTransaction } from '../store/pool.ts';

/** An item of a list, with the internal id after which the next page begins. */
export interface Listed<T> {
  id: string;
  item: T;
}

const tenantColumns = 'id, external_id, name, metadata, rate_limit, max_endpoints, payload_days, created_at, updated_at';

interface TenantRow {
  id: string;
  external_id: string;
  name: string;
  metadata: Record<string, string>;
  rate_limit: RateLimit | null;
  max_endpoints: number;
  payload_days: number | null;
  created_at: Date;
  updated_at: Date;
}

export interface TenantToCreate {
  tenantId: string;
  key: string;
  name: string;
  metadata: Record<string, string>;
  rateLimit?: RateLimit | null;
  maxEndpoints?: number;
  retention?: TenantRetention | null;
}

type TenantChange = Partial<Pick<StoredTenant, 'name' | 'metadata' | 'rateLimit' | 'maxEndpoints' | 'retention'>>;

/**
 * `taken`: another tenant has this key. Run twice with the same `tenantId`: the second run returns the first's tenant.
 */
export async function createTenant(db: Db, made: TenantToCreate, audit?: Audit): Promise<StoredTenant | 'taken'> {
  return audited(db, audit, (client) => insertTenant(client, made));
}

async function insertTenant(
  db: Pick<Db, 'query'>,
  { tenantId, key, name, metadata, rateLimit = null, maxEndpoints = usualMaxEndpoints, retention = null }: TenantToCreate,
): Promise<Audited<StoredTenant | 'taken'>> {
  const made = await db.query<TenantRow>({
    name: 'create_tenant',
    text: `
      insert into tenants (id, external_id, name, metadata, rate_limit, max_endpoints, payload_days) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing
      returning ${tenantColumns}`,
    values: [uuidOf(tenantId), key, name, metadata, rateLimit, maxEndpoints, retention?.payloadDays ?? null],
  });
  if (made.rows[0]) {
    const entry = entryOf(tenantId, key, null, withoutSecrets({ name, metadata, rateLimit, maxEndpoints, retention }));
    return { result: toTenant(made.rows[0]), entry };
  }
  const { rows } = await db.query<TenantRow>({
    name: 'read_tenant_by_id',
    text: `select ${tenantColumns} from tenants where id = $1`,
    values: [uuidOf(tenantId)],
  });
  return { result: rows[0] ? toTenant(rows[0]) : 'taken', entry: null };
}

function entryOf(tenantId: string, key: string, before: AuditState, after: AuditState) {
  return { tenantId, target: { kind: 'tenant', id: key }, before, after };
}

export async function readTenant(db: Db, key: string): Promise<Listed<StoredTenant> | null> {
  const { rows } = await db.query<TenantRow>({
    name: 'read_tenant',
    text: `select ${tenantColumns} from tenants where external_id = $1 and deleted_at is null`,
    values: [key],
  });
  return rows[0] ? toListed(rows[0]) : null;
}

/** True also for a deleted tenant. */
export async function isKnownTenant(db: Db, key: string): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'is_known_tenant',
    text: 'select from tenants where external_id = $1 limit 1',
    values: [key],
  });
  return rowCount === 1;
}

/** Tenants older than `before`, newest first, without Posthorn's own. */
export async function listTenants(db: Db, before: string | null, limit: number): Promise<Listed<StoredTenant>[]> {
  const { rows } = await db.query<TenantRow>({
    name: 'list_tenants',
    text: `
      select ${tenantColumns} from tenants
      where deleted_at is null and id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') and id <> $3
      order by id desc limit $2`,
    values: [before && uuidOf(before), limit, uuidOf(systemTenantId)],
  });
  return rows.map(toListed);
}

/**
 * A new rate limit counts as a change of each of the tenant's endpoints. Null: no such tenant. `check` is called under the row's
 * lock; an error that it throws rolls back.
 */
export async function changeTenant(
  db: Db,
  key: string,
  change: TenantChange,
  audit?: Audit,
  check?: (before: StoredTenant) => void,
): Promise<StoredTenant | null> {
  return audited(db, audit, async (client) => {
    const before = await lockTenant(client, key);
    if (before) check?.(before);
    const row = before && (await updateTenant(client, key, change));
    if (!row) return { result: null, entry: null };
    const after = toTenant(row);
    const changed = changedFields(Object.keys(change), before, after);
    const entry = Object.keys(changed.after).length > 0 ? entryOf(idOf('tnt', row.id), key, changed.before, changed.after) : null;
    return { result: after, entry };
  });
}

async function lockTenant(db: Pick<Db, 'query'>, key: string): Promise<StoredTenant | null> {
  const { rows } = await db.query<TenantRow>({
    name: 'lock_tenant',
    text: `
      select ${tenantColumns} from tenants
      where external_id = $1 and deleted_at is null for no key update`,
    values: [key],
  });
  return rows[0] ? toTenant(rows[0]) : null;
}

async function updateTenant(db: Pick<Db, 'query'>, key: string, change: TenantChange): Promise<TenantRow | null> {
  // a separate statement: callers that are bound to a tenant have no right to write this column
  if (change.maxEndpoints !== undefined) {
    await db.query({
      name: 'change_max_endpoints',
      text: 'update tenants set max_endpoints = $2 where external_id = $1 and deleted_at is null',
      values: [key, change.maxEndpoints],
    });
  }
  if (change.retention !== undefined) {
    await db.query({
      name: 'change_payload_days',
      text: 'update tenants set payload_days = $2 where external_id = $1 and deleted_at is null',
      values: [key, change.retention?.payloadDays ?? null],
    });
  }
  const { rows } = await db.query<TenantRow>({
    name: 'change_tenant',
    text: `
      update tenants set name = coalesce($2, name), metadata = coalesce($3, metadata), updated_at = now(),
        rate_limit = case when $4 then $5 else rate_limit end,
        endpoints_version = endpoints_version + case when $4 and rate_limit is distinct from $5 then 1 else 0 end
      where external_id = $1 and deleted_at is null
      returning ${tenantColumns}`,
    values: [key, change.name ?? null, change.metadata ?? null, change.rateLimit !== undefined, change.rateLimit ?? null],
  });
  return rows[0] ?? null;
}

/**
 * Deletes the tenant and its endpoints in one transaction. Returns the ids of the endpoints; the caller still has to
 * cancel their deliveries. Null: no such tenant. `check` is called under the row's lock; an error that it throws rolls back.
 */
export async function deleteTenant(db: Db, key: string, audit?: Audit, check?: (before: StoredTenant) => void): Promise<string[] | null> {
  return inTransaction(db, async (client) => {
    const before = check && (await lockTenant(client, key));
    if (before) check(before);
    const tenant = await client.query<{ id: string }>({
      name: 'delete_tenant',
      text: 'update tenants set deleted_at = now(), updated_at = now() where external_id = $1 and deleted_at is null and id <> $2 returning id',
      values: [key, uuidOf(systemTenantId)],
    });
    const id = tenant.rows[0]?.id;
    if (id === undefined) return null;
    // a separate statement, so that it sees the endpoints whose creation the first one waited for
    const endpoints = await client.query<{ id: string }>({
      name: 'delete_endpoints_of_tenant',
      text: `
        update endpoints set deleted_at = now(), updated_at = now(), version = nextval('config_version')
        where tenant_id = $1 and deleted_at is null returning id`,
      values: [id],
    });
    await client.query({ name: 'forget_keys_of_tenant', text: 'update signing_keys set sealed = null where tenant_id = $1', values: [id] });
    const ids = endpoints.rows.map((row) => idOf('ep', row.id)).sort();
    if (audit) await appendAudit(client, audit, entryOf(idOf('tnt', id), key, { endpoints: ids.length }, null));
    return ids;
  });
}

function toListed(row: TenantRow): Listed<StoredTenant> {
  return { id: idOf('tnt', row.id), item: toTenant(row) };
}

function toTenant(row: TenantRow): StoredTenant {
  return {
    id: row.external_id,
    name: row.name,
    metadata: row.metadata,
    rateLimit: row.rate_limit,
    maxEndpoints: row.max_endpoints,
    retention: row.payload_days === null ? null : { payloadDays: row.payload_days },
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

/** False on an empty database. Posthorn's own tenant does not count. */
export async function hasTenants(db: Db): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>({
    name: 'has_tenants',
    text: 'select exists (select from tenants where id <> $1) as found',
    values: [uuidOf(systemTenantId)],
  });
  return rows[0]?.found ?? false;
}
