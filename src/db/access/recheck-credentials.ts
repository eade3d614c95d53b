// Re-checks the credentials of a request that is still streaming.
import type { Caller } from '#domain/access/access';
import { sessionIdleMs } from '#domain/access/session';
import { uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

/** False: the key, link or session was revoked, has ended, or belongs to a deleted tenant. */
export async function recheckCredentials(db: Pick<Db, 'query'>, caller: Pick<Caller, 'kind' | 'id'>): Promise<boolean> {
  return (await stillValid(db, [caller]))(caller);
}

/** The same for many at once. The returned function knows those of `callers`. */
export async function stillValid(
  db: Pick<Db, 'query'>,
  callers: Pick<Caller, 'kind' | 'id'>[],
): Promise<(caller: Pick<Caller, 'kind' | 'id'>) => boolean> {
  const idsOf = (kind: Caller['kind']) => [
    ...new Set(callers.flatMap((caller) => (caller.kind === kind && caller.id !== null ? [uuidOf(caller.id)] : []))),
  ];
  const [keys, links, sessions] = [idsOf('api_key'), idsOf('portal_link'), idsOf('session')];
  if (keys.length + links.length + sessions.length === 0) return () => true;
  const { rows } = await db.query<{ id: string }>({
    name: 'still_valid',
    text: `
      select c.id from (
        select id, tenant_id, expires_at from api_keys where id = any($1::uuid[]) and revoked_at is null
        union all
        select id, tenant_id, expires_at from portal_links where id = any($2::uuid[]) and revoked_at is null
        union all
        select s.id, s.tenant_id, least(s.expires_at, k.expires_at, s.last_used_at + $4::int * interval '1 ms')
        from sessions s left join api_keys k on k.id = s.key_id
        where s.id = any($3::uuid[]) and s.revoked_at is null and k.revoked_at is null
      ) c left join tenants t on t.id = c.tenant_id
      where coalesce(c.expires_at > now(), true) and t.deleted_at is null`,
    values: [keys, links, sessions, sessionIdleMs],
  });
  const valid = new Set(rows.map(({ id }) => id.replaceAll('-', '')));
  return ({ kind, id }) => kind === 'bootstrap' || id === null || valid.has(uuidOf(id));
}
