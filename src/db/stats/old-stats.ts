// Deletes statistics that are no longer needed.
import type { Db } from '../store/pool.ts';
import { minuteDays } from './roll-up-sql.ts';

const batch = 20_000;

/** Deletes up to 20,000 minutes after `minuteDays`, as many numbers of held deliveries, and as many hours after `hourDays`. True: there may be more. */
export async function deleteOldStats(db: Db, hourDays: number): Promise<boolean> {
  const minutes = await db.query({
    name: 'delete_old_minutes',
    text: `
      delete from stats_minutes where (id, at) in (
        select id, at from stats_minutes where at < now() - interval '${minuteDays} days' limit ${batch})`,
  });
  const hours = await db.query({
    name: 'delete_old_hours',
    text: `
      delete from stats_hours where (id, at) in (
        select id, at from stats_hours where at < now() - $1 * interval '1 day' limit ${batch})`,
    values: [hourDays],
  });
  const held = await db.query({
    name: 'delete_old_held',
    // the last row of each stays, because its number is still that of now
    text: `
      delete from stats_held where (id, at) in (
        select id, at from stats_held h where at < now() - interval '${minuteDays} days'
          and exists (select from stats_held n where n.id = h.id and n.at > h.at and n.at < now() - interval '${minuteDays} days') limit ${batch})`,
  });
  return [minutes, hours, held].some(({ rowCount }) => rowCount === batch);
}
