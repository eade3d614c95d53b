// Tells which stored changes are complete: what was begun before a time is stored, or never will be.
import type { Db } from './pool.ts';

/**
 * When the oldest transaction began that may still store something; now if there is none. What began earlier is committed
 * in the snapshot of the next statement, or never will be. A transaction that has written nothing for a minute only reads:
 * a statement of Posthorn ends after 30 s. Sees the transactions of this database role only.
 */
export async function oldestWriter(db: Pick<Db, 'query'>): Promise<Date> {
  const { rows } = await db.query<{ began_at: Date }>({
    name: 'oldest_writer',
    text: `
      select coalesce(min(xact_start), clock_timestamp()) as began_at from pg_stat_activity
      where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
        and (backend_xid is not null or xact_start > clock_timestamp() - interval '1 minute')`,
  });
  return rows[0]?.began_at as Date;
}

export async function databaseNow(db: Pick<Db, 'query'>): Promise<Date> {
  const { rows } = await db.query<{ at: Date }>({ name: 'database_now', text: 'select clock_timestamp() as at' });
  return rows[0]?.at as Date;
}
