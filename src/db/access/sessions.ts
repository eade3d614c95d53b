// Sessions: create, list and revoke. The token is not stored. A session of an API key ends with the key.
import type { Scope } from '#domain/access/access';
import type { AuditActor } from '#domain/access/audit';
import { mostSessions, nameOfPerson, type Person, roleOf, type Session, sessionIdleMs, sessionLifeMs } from '#domain/access/session';
import { idOf, uuidOf } from '#domain/ids';
import { type Audit, audited } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';
import { holdMaker, MakerRevoked } from './key-descendants.ts';

export interface SessionToCreate {
  sessionId: string;
  hash: Uint8Array;
  /** `key_…`; null: the bootstrap key, or a person. */
  keyId: string | null;
  person: Person | null;
  /** Keyed hash of the settings that the session depends on; null: it depends on a key. */
  configHash: Uint8Array | null;
  tenantId: string | null;
  scopes: Scope[];
  address: string | null;
}

interface SessionRow {
  id: string;
  key_id: string | null;
  person: Person | null;
  tenant: string | null;
  scopes: Scope[];
  address: string | null;
  created_at: Date;
  last_used_at: Date;
  ends_at: Date;
  expires_at: Date;
  revoked_at: Date | null;
}

/** `$1`: the idle time in ms. `k`: the key of the session `s`. */
export const endsAt = `least(s.expires_at, k.expires_at, s.last_used_at + $1::int * interval '1 ms')`;
const columns = `
  s.id, s.key_id, s.person, t.external_id as tenant, s.scopes, s.address, s.created_at, s.last_used_at, ${endsAt} as ends_at,
  least(s.expires_at, k.expires_at) as expires_at,
  case when k.revoked_at < s.expires_at then least(s.revoked_at, k.revoked_at) else s.revoked_at end as revoked_at
  from sessions s left join api_keys k on k.id = s.key_id left join tenants t on t.id = s.tenant_id`;

/** Throws MakerRevoked if the key of the session was revoked meanwhile. */
export async function createSession(db: Db, session: SessionToCreate, audit: Audit): Promise<Session> {
  const { sessionId, keyId, person, tenantId, scopes } = session;
  await audited(db, audit, async (client) => {
    if (keyId !== null) await holdMaker(client, keyId);
    await endSurplus(client, session);
    await client.query({
      name: 'create_session',
      text: `
        insert into sessions (id, hash, key_id, person, config_hash, tenant_id, scopes, address, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, now() + $9::int * interval '1 ms')`,
      values: [
        uuidOf(sessionId),
        session.hash,
        keyId && uuidOf(keyId),
        person,
        session.configHash,
        tenantId && uuidOf(tenantId),
        scopes,
        session.address,
        sessionLifeMs,
      ],
    });
    const after = { name: nameOf(session), role: roleOf(scopes), scopes, ...person };
    return { result: null, entry: { tenantId, target: { kind: 'session', id: sessionId }, before: null, after } };
  });
  const made = await readSession(db, sessionId);
  if (!made) throw new Error('the session was deleted as soon as it was created');
  return made;
}

/**
 * Locks the row of the session that makes a key or link, if one does. Throws MakerRevoked if it was revoked, which this
 * process may not know yet.
 */
export async function holdSession(db: Pick<Db, 'query'>, { kind, id }: AuditActor): Promise<void> {
  if (kind !== 'session' || id === null) return;
  const { rowCount } = await db.query({
    name: 'hold_session',
    text: 'select from sessions where id = $1 and revoked_at is null for share',
    values: [uuidOf(id)],
  });
  if (rowCount !== 1) throw new MakerRevoked();
}

/** Keeps room for one more session of this key or person. */
async function endSurplus(db: Pick<Db, 'query'>, { keyId, person }: SessionToCreate): Promise<void> {
  await db.query({
    name: 'end_surplus_sessions',
    text: `
      update sessions set revoked_at = now() where id in (
        select id from sessions
        where key_id is not distinct from $1::uuid and person->>'issuer' is not distinct from $2 and person->>'subject' is not distinct from $3
          and revoked_at is null and expires_at > now()
        order by last_used_at desc, id desc offset $4 for update)`,
    values: [keyId && uuidOf(keyId), person?.issuer ?? null, person?.subject ?? null, mostSessions - 1],
  });
}

/** Null: no such session. */
export async function readSession(db: Pick<Db, 'query'>, sessionId: string): Promise<Session | null> {
  const { rows } = await db.query<SessionRow>({
    name: 'read_session',
    text: `select ${columns} where s.id = $2`,
    values: [sessionIdleMs, uuidOf(sessionId)],
  });
  return rows[0] ? toSession(rows[0]) : null;
}

/** Sessions older than `before`, newest first, including those that have ended. `tenantId` null: of all tenants. */
export async function listSessions(db: Db, tenantId: string | null, before: string | null, limit: number): Promise<Session[]> {
  const { rows } = await db.query<SessionRow>({
    text: `
      select ${columns}
      where ($2::uuid is null or s.tenant_id = $2) and s.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by s.id desc limit $4`,
    values: [sessionIdleMs, tenantId && uuidOf(tenantId), before && uuidOf(before), limit],
  });
  return rows.map(toSession);
}

/**
 * False: no such session. One that has ended stays as it is. `tenantId` not null: only a session of this tenant.
 */
export async function revokeSession(db: Db, sessionId: string, tenantId: string | null, audit: Audit): Promise<boolean> {
  return audited(db, audit, async (client) => {
    const { rows } = await client.query<{ key_id: string | null; person: Person | null; tenant_id: string | null; live: boolean }>({
      name: 'revoke_session',
      text: `
        with before as (
          select id, revoked_at from sessions where id = $1 and ($2::uuid is null or tenant_id = $2) for no key update
        )
        update sessions s set revoked_at = coalesce(s.revoked_at, now()) from before b where s.id = b.id
        returning s.key_id, s.person, s.tenant_id, b.revoked_at is null as live`,
      values: [uuidOf(sessionId), tenantId && uuidOf(tenantId)],
    });
    const [row] = rows;
    if (!row?.live) return { result: row !== undefined, entry: null };
    const name = nameOf({ keyId: row.key_id && idOf('key', row.key_id), person: row.person });
    const target = { kind: 'session', id: sessionId };
    return { result: true, entry: { tenantId: row.tenant_id && idOf('tnt', row.tenant_id), target, before: { name }, after: null } };
  });
}

/** The person, the id of the key, or `bootstrap`. */
export function nameOf({ keyId, person }: Pick<SessionToCreate, 'keyId' | 'person'>): string {
  return person ? nameOfPerson(person) : (keyId ?? 'bootstrap');
}

function toSession(row: SessionRow): Session {
  const keyId = row.key_id && idOf('key', row.key_id);
  return {
    id: idOf('ses', row.id),
    name: nameOf({ keyId, person: row.person }),
    person: row.person,
    key: row.person ? null : (keyId ?? 'bootstrap'),
    role: roleOf(row.scopes),
    scopes: row.scopes,
    tenant: row.tenant,
    address: row.address,
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at.toISOString(),
    endsAt: row.ends_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    revokedAt: row.revoked_at?.toISOString() ?? null,
  };
}
