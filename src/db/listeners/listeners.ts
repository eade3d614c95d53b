// Which connection gets the requests of an endpoint that `posthorn listen` has made. Every change is a single statement.
import { uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

/** From now on this connection gets the requests. The one before is told that it is replaced. */
export async function holdListener(db: Db, endpointId: string, session: string): Promise<void> {
  await db.query({
    name: 'hold_listener',
    text: `
      with held as (
        insert into listeners (endpoint_id, session) values ($1, $2)
        on conflict (endpoint_id) do update set session = excluded.session, seen_at = now()
      ), old as (
        delete from listen_requests where deadline < now() - interval '1 minute'
      )
      select pg_notify('posthorn_listen', $3)`,
    values: [uuidOf(endpointId), session, endpointId],
  });
}

/**
 * `replaced`: by another connection. `deleted`: the endpoint is. A row that PostgreSQL has lost in a crash, or that its
 * standby never had, is made again.
 */
export async function renewListener(db: Db, endpointId: string, session: string): Promise<'renewed' | 'replaced' | 'deleted'> {
  const { rows } = await db.query<{ renewed: boolean; exists: boolean }>({
    name: 'renew_listener',
    text: `
      with endpoint as (
        select id from endpoints where id = $1 and deleted_at is null
      ), renewed as (
        insert into listeners (endpoint_id, session) select id, $2 from endpoint
        on conflict (endpoint_id) do update set seen_at = now() where listeners.session = excluded.session
        returning endpoint_id
      )
      select exists (select from renewed) as renewed, exists (select from endpoint) as exists`,
    values: [uuidOf(endpointId), session],
  });
  if (!rows[0]?.exists) return 'deleted';
  return rows[0].renewed ? 'renewed' : 'replaced';
}

/** The connection is closed. Requests that were sent on it can still be answered. */
export async function releaseListener(db: Db, endpointId: string, session: string): Promise<void> {
  await db.query({
    name: 'release_listener',
    text: 'delete from listeners where endpoint_id = $1 and session = $2',
    values: [uuidOf(endpointId), session],
  });
}
