// Deletes the rows of endpoints that were deleted so long ago that no delivery of theirs is left.
import type { Db } from '../store/pool.ts';

/** Returns how many; 0: none are left. `keepDays`: the retention time. */
export async function forgetOldEndpoints(db: Db, keepDays: number, limit: number): Promise<number> {
  const { rowCount } = await db.query({
    name: 'forget_old_endpoints',
    text: `
      with old as (
        -- the partition of a day goes a day later than its first row
        select id from endpoints where deleted_at < now() - ($1::int + 2) * interval '1 day' order by id limit $2
      ), targets as (
        delete from past_targets where endpoint_id in (select id from old)
      ), of_shapes as (
        delete from shapes where endpoint_id in (select id from old)
      ), of_sandboxes as (
        delete from sandboxes where endpoint_id in (select id from old)
      ), of_runs as (
        delete from conformance_runs where endpoint_id in (select id from old)
      ), of_listeners as (
        delete from listeners where endpoint_id in (select id from old)
      ), secrets as (
        delete from endpoint_secrets where endpoint_id in (select id from old)
      ), health as (
        delete from endpoint_health where endpoint_id in (select id from old)
      ), sequences as (
        delete from lane_sequences where endpoint_id in (select id from old)
      ), of_lanes as (
        delete from lanes where endpoint_id in (select id from old)
      )
      delete from endpoints where id in (select id from old)`,
    values: [keepDays, limit],
  });
  return rowCount ?? 0;
}
