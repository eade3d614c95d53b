// API keys: create, list, find by the SHA-256 hash of the key, and record use. The text of a key is
// not stored.
import type { Caller, Scope } from '#domain/access/access';
import type { ApiKey } from '#domain/access/api-key';
import type { ApiRate } from '#domain/access/api-rate';
import { idOf, uuidOf } from '#domain/ids';
import { type Audit, audited } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';
import { holdMaker } from './key-descendants.ts';
import { holdSession } from './sessions.ts';

/** The stored facts about an API key or a portal link that decide whether a request is allowed. */
export interface Credential {
  caller: Omit<Caller, 'address' | 'bounds'>;
  /** Empty: from any address. */
  cidrs: string[];
  rateLimit: ApiRate | null;
  /** Unix milliseconds; null: never. */
  expiresAtMs: number | null;
  /** Unix milliseconds, to the minute; null: never used, or not recorded (portal links). */
  lastUsedAtMs: number | null;
}

export interface ApiKeyToCreate {
  keyId: string;
  tenantId: string | null;
  hash: Uint8Array;
  prefix: string;
  name: string;
  scopes: Scope[];
  cidrs: string[];
  rateLimit: ApiRate | null;
  expiresAt: string | null;
  createdBy: string;
}

interface ApiKeyRow {
  id: string;
  tenant: string | null;
  prefix: string;
  name: string;
  scopes: Scope[];
  cidrs: string[];
  rate_limit: ApiRate | null;
  expires_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
  created_at: Date;
  created_by: string;
}

/**
 * Creates the key. Null: a key with this id was already used or revoked, and is left unchanged. Run twice with the same
 * id: nobody received the text of the first run's key, and it cannot be read back. So the second run replaces its hash,
 * unless the key was used or revoked in between.
 */
export async function createApiKey(db: Db, key: ApiKeyToCreate, audit: Audit): Promise<ApiKey | null> {
  return audited(db, { ...audit, once: key.keyId }, async (client) => {
    await holdMaker(client, key.createdBy);
    await holdSession(client, audit.actor);
    const made = await putApiKey(client, key);
    const { prefix, name, scopes, cidrs, rateLimit, expiresAt } = key;
    const after = { prefix, name, scopes, cidrs, rateLimit, expiresAt };
    return { result: made, entry: made && { tenantId: key.tenantId, target: { kind: 'api_key', id: key.keyId }, before: null, after } };
  });
}

async function putApiKey(db: Pick<Db, 'query'>, key: ApiKeyToCreate): Promise<ApiKey | null> {
  const { rows } = await db.query<ApiKeyRow>({
    name: 'create_api_key',
    text: `
      insert into api_keys as k (id, tenant_id, hash, prefix, name, scopes, cidrs, rate_limit, expires_at, created_by)
      values ($1, $2, $3, $4, $5, $6, $7::inet[], $8, $9, $10)
      on conflict (id) do update set hash = excluded.hash, prefix = excluded.prefix where k.last_used_at is null and k.revoked_at is null
      returning id, (select external_id from tenants t where t.id = k.tenant_id) as tenant, prefix, name, scopes, cidrs::text[], rate_limit,
        expires_at, last_used_at, revoked_at, created_at, created_by`,
    values: [
      uuidOf(key.keyId),
      key.tenantId && uuidOf(key.tenantId),
      key.hash,
      key.prefix,
      key.name,
      key.scopes,
      key.cidrs,
      key.rateLimit,
      key.expiresAt,
      key.createdBy,
    ],
  });
  return rows[0] ? toApiKey(rows[0]) : null;
}

/** Keys older than `before`, newest first, including revoked ones. `tenantId` null: of all tenants. */
export async function listApiKeys(db: Db, tenantId: string | null, before: string | null, limit: number): Promise<ApiKey[]> {
  const { rows } = await db.query<ApiKeyRow>({
    text: `
      select k.id, t.external_id as tenant, k.prefix, k.name, k.scopes, k.cidrs::text[], k.rate_limit, k.expires_at, k.last_used_at, k.revoked_at,
        k.created_at, k.created_by
      from api_keys k left join tenants t on t.id = k.tenant_id
      where ($1::uuid is null or k.tenant_id = $1) and k.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by k.id desc limit $3`,
    values: [tenantId && uuidOf(tenantId), before && uuidOf(before), limit],
  });
  return rows.map(toApiKey);
}

/** One result per hash, in order. Null: unknown or revoked, or its tenant was deleted. Expired keys are returned. */
export async function findApiKeys(db: Db, hashes: Uint8Array[]): Promise<(Credential | null)[]> {
  const { rows } = await db.query<Pick<ApiKeyRow, 'id' | 'scopes' | 'cidrs' | 'rate_limit' | 'expires_at' | 'last_used_at'> & FoundRow>({
    name: 'find_api_keys',
    text: `
      select k.hash, k.id, k.scopes, k.cidrs::text[], k.rate_limit, k.expires_at, k.last_used_at, t.id as tenant_id, t.external_id as tenant
      from api_keys k left join tenants t on t.id = k.tenant_id
      where k.hash = any($1::bytea[]) and k.revoked_at is null and t.deleted_at is null`,
    values: [hashes],
  });
  return hashes.map((hash) => {
    const row = rows.find((one) => one.hash.equals(hash));
    if (!row) return null;
    return {
      caller: {
        kind: 'api_key',
        id: idOf('key', row.id),
        tenant: row.tenant_id === null ? null : { id: idOf('tnt', row.tenant_id), key: row.tenant },
        scopes: row.scopes,
      },
      cidrs: row.cidrs,
      rateLimit: row.rate_limit,
      expiresAtMs: row.expires_at?.getTime() ?? null,
      lastUsedAtMs: row.last_used_at?.getTime() ?? null,
    };
  });
}

interface FoundRow {
  hash: Buffer;
  tenant_id: string | null;
  tenant: string;
}

/** Records that these keys were used now. A row is written at most once a minute, across all processes. */
export async function touchApiKeys(db: Db, keyIds: string[]): Promise<void> {
  await db.query({
    name: 'touch_api_keys',
    text: `
      update api_keys set last_used_at = now() where id in (
        select id from api_keys where id = any($1::uuid[]) and (last_used_at is null or last_used_at < now() - interval '55 seconds')
        order by id for update)`,
    values: [keyIds.map(uuidOf)],
  });
}

function toApiKey(row: ApiKeyRow): ApiKey {
  return {
    id: idOf('key', row.id),
    prefix: row.prefix,
    name: row.name,
    scopes: row.scopes,
    tenant: row.tenant,
    cidrs: row.cidrs,
    rateLimit: row.rate_limit,
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    createdBy: row.created_by,
  };
}
