// Re-checks the credentials of a request that is still streaming.
import type { Caller } from '#domain/access/access';
import { uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

const tables = { api_key: 'api_keys', portal_link: 'portal_links' };

/** False: the key or link was revoked, has expired, or belongs to a deleted tenant. */
export async function recheckCredentials(db: Pick<Db, 'query'>, { kind, id }: Pick<Caller, 'kind' | 'id'>): Promise<boolean> {
  if (kind === 'bootstrap' || id === null) return true;
  const { rowCount } = await db.query({
    name: `still_may_${kind}`,
    text: `
      select from ${tables[kind]} c left join tenants t on t.id = c.tenant_id
      where c.id = $1 and c.revoked_at is null and coalesce(c.expires_at > now(), true) and t.deleted_at is null`,
    values: [uuidOf(id)],
  });
  return rowCount === 1;
}
