// Deletes statistics that are no longer needed.
import type { Db } from '../store/pool.ts';
import { minuteDays } from './roll-up-sql.ts';

/** Deletes minutes after `minuteDays`, and hours after `hourDays`. */
export async function deleteOldStats(db: Db, hourDays: number): Promise<void> {
  await db.query(`delete from stats_minutes where at < now() - interval '${minuteDays} days'`);
  await db.query(`delete from stats_hours where at < now() - $1 * interval '1 day'`, [hourDays]);
}
