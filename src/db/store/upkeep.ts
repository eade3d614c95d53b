// What has outlived its use, deleted in batches small enough to be in nobody's way.
import type { Db } from './pool.ts';

/** Dispatches done a week ago: nothing asks for them any more. Returns how many went; 0: none are left. */
export async function deleteOldDispatches(db: Db): Promise<number> {
  const { rowCount } = await db.query({
    name: 'delete_old_dispatches',
    text: `delete from dispatches where id in (select id from dispatches where done_at < now() - interval '7 days' limit 1000)`,
  });
  return rowCount ?? 0;
}

/** Cancels deliveries of deleted endpoints that a delete did not get to. Returns how many; 0: none are left. */
export async function cancelLeftBehind(db: Db): Promise<number> {
  const { rowCount } = await db.query({
    name: 'cancel_left_behind',
    text: `
      update deliveries set status = 'cancelled', next_attempt_at = null, orders = orders + 1, updated_at = now()
      where id in (
        select d.id from deliveries d join endpoints p on p.id = d.endpoint_id
        where p.deleted_at < now() - interval '10 minutes' and p.deleted_at > now() - interval '30 days'
          and d.status in ('pending', 'retrying', 'held', 'dead_lettered', 'quarantined')
        limit 500)`,
  });
  return rowCount ?? 0;
}

/** Idempotency keys older than their 24 hours. Returns how many went; 0: none are left. */
export async function deleteOldIdempotencyKeys(db: Db): Promise<number> {
  const { rowCount } = await db.query({
    name: 'delete_old_idempotency_keys',
    text: `
      delete from idempotency_keys where (scope, key) in (
        select scope, key from idempotency_keys where created_at < now() - interval '24 hours' limit 1000)`,
  });
  return rowCount ?? 0;
}

/**
 * What was counted of endpoints that refused nothing for an hour; while one accepted nothing since, that is kept `failingMs` longer: it may be tried once a day.
 * Returns how many rows went; 0: none are left.
 */
export async function deleteOldHealth(db: Db, failingMs: number): Promise<number> {
  const { rowCount } = await db.query({
    name: 'delete_old_health',
    text: `
      delete from endpoint_health where endpoint_id in (
        select endpoint_id from endpoint_health
        where updated_at < now() - interval '1 hour' - case when failing_since is null then interval '0' else $1::float8 * interval '1 millisecond' end
        limit 1000)`,
    values: [failingMs],
  });
  return rowCount ?? 0;
}

/** The numbers given for endpoints that were deleted 30 days ago. Returns how many rows went; 0: none are left. */
export async function deleteOldSequences(db: Db): Promise<number> {
  const { rowCount } = await db.query({
    name: 'delete_old_sequences',
    text: `
      delete from lane_sequences where (endpoint_id, key) in (
        select s.endpoint_id, s.key from endpoints p join lane_sequences s on s.endpoint_id = p.id
        where p.deleted_at < now() - interval '30 days' limit 1000)`,
  });
  return rowCount ?? 0;
}

/** The rates of tenants that were deleted an hour ago: by then no drain draws from them. Returns how many rows went; 0: none are left. */
export async function deleteOldRates(db: Db): Promise<number> {
  const { rowCount } = await db.query({
    name: 'delete_old_rates',
    text: `
      delete from tenant_rates where tenant_id in (
        select r.tenant_id from tenant_rates r join tenants t on t.id = r.tenant_id where t.deleted_at < now() - interval '1 hour' limit 1000)`,
  });
  return rowCount ?? 0;
}

/** Portal links that ended 30 days ago. Returns how many went; 0: none are left. */
export async function deleteOldPortalLinks(db: Db): Promise<number> {
  const { rowCount } = await db.query({
    name: 'delete_old_portal_links',
    text: `delete from portal_links where id in (select id from portal_links where expires_at < now() - interval '30 days' limit 1000)`,
  });
  return rowCount ?? 0;
}

/** What was counted of keys in windows that ended an hour ago. Returns how many rows went; 0: none are left. */
export async function deleteOldApiRates(db: Db): Promise<number> {
  const { rowCount } = await db.query({
    name: 'delete_old_api_rates',
    text: `
      delete from api_rates where key in (
        select key from api_rates where expire < extract(epoch from now() - interval '1 hour') * 1000 limit 1000)`,
  });
  return rowCount ?? 0;
}
