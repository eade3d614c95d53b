// Deletes statistics that are no longer needed.
import type { Db } from '../store/pool.ts';

/** Deletes minutes after 8 days, and hours after `hourDays`. The hours contain what the minutes held. */
export async function deleteOldStats(db: Db, hourDays: number): Promise<void> {
  await db.query(`delete from stats_minutes where at < now() - interval '8 days'`);
  await db.query(`delete from stats_hours where at < now() - $1 * interval '1 day'`, [hourDays]);
}
