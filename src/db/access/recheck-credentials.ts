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

/** The same for many at once. The returned function knows those of `callers`. */
export async function stillValid(
  db: Pick<Db, 'query'>,
  callers: Pick<Caller, 'kind' | 'id'>[],
): Promise<(caller: Pick<Caller, 'kind' | 'id'>) => boolean> {
  const idsOf = (kind: Caller['kind']) => [
    ...new Set(callers.flatMap((caller) => (caller.kind === kind && caller.id !== null ? [uuidOf(caller.id)] : []))),
  ];
  const [keys, links] = [idsOf('api_key'), idsOf('portal_link')];
  if (keys.length + links.length === 0) return () => true;
  const { rows } = await db.query<{ id: string }>({
    name: 'still_valid',
    text: `
      select c.id from (
        select id, tenant_id, expires_at from api_keys where id = any($1::uuid[]) and revoked_at is null
        union all
        select id, tenant_id, expires_at from portal_links where id = any($2::uuid[]) and revoked_at is null
      ) c left join tenants t on t.id = c.tenant_id
      where coalesce(c.expires_at > now(), true) and t.deleted_at is null`,
    values: [keys, links],
  });
  const valid = new Set(rows.map(({ id }) => id.replaceAll('-', '')));
  return ({ kind, id }) => kind === 'bootstrap' || id === null || valid.has(uuidOf(id));
}
