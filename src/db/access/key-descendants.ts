// The descendants of an API key: keys and portal links made with it, or with its descendants. A key
// can make others only while it is not revoked. Revoking it revokes all its descendants.
import { idOf, isId, uuidOf } from '#domain/ids';
import { type Audit, audited } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';

/**
 * Locks the row of the maker's key. Call it first in a transaction that makes a key or link. Throws MakerRevoked if the
 * key was revoked, which this process may not know yet. A revocation waits until the transaction ends, and then revokes
 * the new key or link too.
 */
export async function holdMaker(db: Pick<Db, 'query'>, maker: string): Promise<void> {
  if (!isId('key', maker)) return;
  const { rowCount } = await db.query({
    name: 'hold_maker',
    text: 'select from api_keys where id = $1 and revoked_at is null for share',
    values: [uuidOf(maker)],
  });
  if (rowCount !== 1) throw new MakerRevoked();
}

export class MakerRevoked extends Error {
  override name = 'MakerRevoked';
}

/**
 * Revokes a key and all its descendants. Returns the ids that were valid until now; null: no such key. `tenantId` not
 * null: only a key of this tenant.
 */
export async function revokeApiKey(db: Db, keyId: string, tenantId: string | null, audit: Audit): Promise<string[] | null> {
  return audited<string[] | null>(db, audit, async (client) => {
    const { rows } = await client.query<{ prefix: string; name: string; tenant_id: string | null }>({
      name: 'read_api_key',
      text: 'select prefix, name, tenant_id from api_keys where id = $1 and ($2::uuid is null or tenant_id = $2)',
      values: [uuidOf(keyId), tenantId && uuidOf(tenantId)],
    });
    const [row] = rows;
    if (!row) return { result: null, entry: null };
    const revoked: string[] = [];
    // each run also finds what was being made while the run before it began; the last run finds nothing
    for (let more = await revokeFamily(client, keyId); more.length > 0; more = await revokeFamily(client, keyId)) revoked.push(...more);
    if (revoked.length === 0) return { result: revoked, entry: null };
    const { prefix, name, tenant_id: owner } = row;
    const others = revoked.filter((id) => id !== keyId).sort();
    const after = others.length > 0 ? { alsoRevoked: others.slice(0, 100), count: others.length } : null;
    return {
      result: revoked,
      entry: { tenantId: owner && idOf('tnt', owner), target: { kind: 'api_key', id: keyId }, before: { prefix, name }, after },
    };
  });
}

async function revokeFamily(db: Pick<Db, 'query'>, keyId: string): Promise<string[]> {
  const { rows } = await db.query<{ kind: 'key' | 'lnk'; id: string }>({
    name: 'revoke_family',
    text: `
      with recursive family as (
        select id from api_keys where id = $1
        union
        select k.id from family f join api_keys k on k.created_by = 'key_' || replace(f.id::text, '-', '')
      ), live as (
        select id from api_keys where id in (select id from family) and revoked_at is null order by id for no key update
      ), keys as (
        update api_keys set revoked_at = now() where id in (select id from live) returning id
      ), links as (
        update portal_links set revoked_at = now() where revoked_at is null and expires_at > now()
          and created_by in (select 'key_' || replace(id::text, '-', '') from family)
        returning id
      )
      select 'key' as kind, id from keys union all select 'lnk', id from links`,
    values: [uuidOf(keyId)],
  });
  return rows.map(({ kind, id }) => idOf(kind, id));
}
