// Finds sessions by the SHA-256 hash of their token, and records that they were used.
import type { Scope } from '#domain/access/access';
import type { ApiRate } from '#domain/access/api-rate';
import { type Person, sessionIdleMs } from '#domain/access/session';
import { idOf, uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';
import { endsAt } from './sessions.ts';

/** What decides whether a request of a session is allowed. */
export interface FoundSession {
  id: string;
  keyId: string | null;
  person: Person | null;
  configHash: Buffer | null;
  tenant: { id: string; key: string } | null;
  scopes: Scope[];
  /** Unix milliseconds. */
  endsAtMs: number;
  lastUsedAtMs: number;
  /** Limits of its key. */
  cidrs: string[];
  rateLimit: ApiRate | null;
  keyExpiresAtMs: number | null;
}

interface FoundRow {
  hash: Buffer;
  id: string;
  key_id: string | null;
  person: Person | null;
  scopes: Scope[];
  last_used_at: Date;
  ends_at: Date;
  config_hash: Buffer | null;
  tenant_id: string | null;
  tenant: string;
  cidrs: string[] | null;
  rate_limit: ApiRate | null;
  key_expires_at: Date | null;
}

/** One result per hash, in order. Null: unknown or revoked, or its key was revoked, or its tenant deleted. */
export async function findSessions(db: Db, hashes: Uint8Array[]): Promise<(FoundSession | null)[]> {
  const { rows } = await db.query<FoundRow>({
    name: 'find_sessions',
    text: `
      select s.hash, s.id, s.key_id, s.person, s.config_hash, s.scopes, s.last_used_at, ${endsAt} as ends_at, t.id as tenant_id,
        t.external_id as tenant, k.cidrs::text[], k.rate_limit, k.expires_at as key_expires_at
      from sessions s left join api_keys k on k.id = s.key_id left join tenants t on t.id = s.tenant_id
      where s.hash = any($2::bytea[]) and s.revoked_at is null and k.revoked_at is null and t.deleted_at is null`,
    values: [sessionIdleMs, hashes],
  });
  return hashes.map((hash) => {
    const row = rows.find((one) => one.hash.equals(hash));
    return row ? toFound(row) : null;
  });
}

function toFound(row: FoundRow): FoundSession {
  return {
    id: idOf('ses', row.id),
    keyId: row.key_id && idOf('key', row.key_id),
    person: row.person,
    configHash: row.config_hash,
    tenant: row.tenant_id === null ? null : { id: idOf('tnt', row.tenant_id), key: row.tenant },
    scopes: row.scopes,
    endsAtMs: row.ends_at.getTime(),
    lastUsedAtMs: row.last_used_at.getTime(),
    cidrs: row.cidrs ?? [],
    rateLimit: row.rate_limit,
    keyExpiresAtMs: row.key_expires_at?.getTime() ?? null,
  };
}

/** Records that these sessions were used now. A row is written at most once a minute, across all processes. */
export async function touchSessions(db: Db, sessionIds: string[]): Promise<void> {
  await db.query({
    name: 'touch_sessions',
    text: `
      update sessions set last_used_at = now() where id in (
        select id from sessions where id = any($1::uuid[]) and last_used_at < now() - interval '55 seconds' order by id for update)`,
    values: [sessionIds.map(uuidOf)],
  });
}
