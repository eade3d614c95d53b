// Deletes rows that are no longer needed, in batches small enough not to block other work.

import type { QueryConfig } from 'pg';
import { idOf, unixMsOf } from '#domain/ids';
import type { Db } from './pool.ts';

async function changedRows(db: Db, statement: QueryConfig): Promise<number> {
  const { rowCount } = await db.query(statement);
  return rowCount ?? 0;
}

/** Deletes dispatches that were done a week ago. Returns how many; 0: none are left. */
export async function deleteOldDispatches(db: Db): Promise<number> {
  return changedRows(db, {
    name: 'delete_old_dispatches',
    text: `delete from dispatches where id in (select id from dispatches where done_at < now() - interval '7 days' limit 1000)`,
  });
}

/** Cancels deliveries of deleted endpoints that the delete missed. Returns how many; 0: none are left. */
export async function cancelLeftBehind(db: Db): Promise<number> {
  return changedRows(db, {
    name: 'cancel_left_behind',
    text: `
      update deliveries set status = 'cancelled', next_attempt_at = null, unsignalled_since = clock_timestamp(), updated_at = now()
      where id in (
        select d.id from deliveries d join endpoints p on p.id = d.endpoint_id
        where p.deleted_at < now() - interval '10 minutes' and p.deleted_at > now() - interval '30 days'
          and d.status in ('pending', 'retrying', 'held', 'dead_lettered', 'quarantined')
        limit 500)`,
  });
}

/** Deletes idempotency keys older than 24 hours. Returns how many; 0: none are left. */
export async function deleteOldIdempotencyKeys(db: Db): Promise<number> {
  return changedRows(db, {
    name: 'delete_old_idempotency_keys',
    text: `
      delete from idempotency_keys where (scope, key) in (
        select scope, key from idempotency_keys where created_at < now() - interval '24 hours' limit 1000)`,
  });
}

/**
 * Deletes the counts of endpoints that refused nothing for an hour. If the endpoint has accepted nothing since, its row
 * is kept `failingMs` longer: such an endpoint may be tried only once a day. Returns how many; 0: none are left.
 */
export async function deleteOldHealth(db: Db, failingMs: number): Promise<number> {
  return changedRows(db, {
    name: 'delete_old_health',
    text: `
      delete from endpoint_health where endpoint_id in (
        select endpoint_id from endpoint_health
        where updated_at < now() - interval '1 hour' - case when failing_since is null then interval '0' else $1::float8 * interval '1 millisecond' end
        limit 1000)`,
    values: [failingMs],
  });
}

/** Deletes the sequence numbers of endpoints that were deleted 30 days ago. Returns how many rows; 0: none are left. */
export async function deleteOldSequences(db: Db): Promise<number> {
  return changedRows(db, {
    name: 'delete_old_sequences',
    text: `
      delete from lane_sequences where (endpoint_id, key) in (
        select s.endpoint_id, s.key from endpoints p join lane_sequences s on s.endpoint_id = p.id
        where p.deleted_at < now() - interval '30 days' limit 1000)`,
  });
}

/**
 * Deletes the rates of tenants that were deleted an hour ago: no drain uses them now. Returns how many; 0: none are
 * left.
 */
export async function deleteOldRates(db: Db): Promise<number> {
  return changedRows(db, {
    name: 'delete_old_rates',
    text: `
      delete from tenant_rates where tenant_id in (
        select r.tenant_id from tenant_rates r join tenants t on t.id = r.tenant_id where t.deleted_at < now() - interval '1 hour' limit 1000)`,
  });
}

/**
 * Deletes past targets that no attempt refers to any more: all attempts were made later. An attempt may be recorded some
 * time after its endpoint changed, hence the day. Returns how many; 0: none are left.
 */
export async function deleteOldTargets(db: Db): Promise<number> {
  // no attempt is older than its delivery, whose id holds the time of its event
  const { rows } = await db.query<{ id: string }>({
    name: 'oldest_attempt',
    text: 'select delivery_id as id from attempts order by delivery_id limit 1',
  });
  const oldest = rows[0] ? new Date(unixMsOf(idOf('dlv', rows[0].id))) : null;
  return changedRows(db, {
    name: 'delete_old_targets',
    text: `
      delete from past_targets where (endpoint_id, target_version) in (
        select endpoint_id, target_version from past_targets
        where replaced_at < coalesce($1::timestamptz, now()) - interval '1 day' limit 1000)`,
    values: [oldest],
  });
}

/** Deletes portal links that expired 30 days ago. Returns how many; 0: none are left. */
export async function deleteOldPortalLinks(db: Db): Promise<number> {
  return changedRows(db, {
    name: 'delete_old_portal_links',
    text: `delete from portal_links where id in (select id from portal_links where expires_at < now() - interval '30 days' limit 1000)`,
  });
}

/** Deletes logos that no portal link has any more. Returns how many; 0: none are left. */
export async function deleteOldPortalLogos(db: Db): Promise<number> {
  // a link is deleted 31 days after it was made at the latest; one that is being made renews its use first
  return changedRows(db, {
    name: 'delete_old_portal_logos',
    text: `
      delete from portal_logos where used_at < now() - interval '32 days' and (tenant_id, hash) in (
        select tenant_id, hash from portal_logos g
        where used_at < now() - interval '32 days'
          and not exists (select from portal_links l where l.tenant_id = g.tenant_id and l.logo_hash = g.hash)
        limit 1000)`,
  });
}

/** Deletes sessions that ended 30 days ago. Returns how many; 0: none are left. */
export async function deleteOldSessions(db: Db): Promise<number> {
  return changedRows(db, {
    name: 'delete_old_sessions',
    text: `delete from sessions where id in (select id from sessions where expires_at < now() - interval '30 days' limit 1000)`,
  });
}

/** Deletes the request counts of windows that ended an hour ago. Returns how many rows; 0: none are left. */
export async function deleteOldApiRates(db: Db): Promise<number> {
  return changedRows(db, {
    name: 'delete_old_api_rates',
    text: `
      delete from api_rates where key in (
        select key from api_rates where expire < extract(epoch from now() - interval '1 hour') * 1000 limit 1000)`,
  });
}
