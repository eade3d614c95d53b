// Facts about the PostgreSQL server, for `posthorn doctor`: version, clock, connections, and the size of the outbox.
import type { Db } from './pool.ts';

export interface ServerFacts {
  /** Such as 170005. */
  versionNumber: number;
  version: string;
  isStandby: boolean;
  clock: Date;
  /** Connections that this user may have in this database. */
  maxConnections: number;
  /** Connections in use on the whole server. */
  connections: number;
  /** Since when the oldest transaction of this user runs. Null: there is none. */
  oldestTransaction: Date | null;
}

export async function readServerFacts(db: Db): Promise<ServerFacts> {
  const { rows } = await db.query<ServerFacts>(`
    select current_setting('server_version_num')::int as "versionNumber", current_setting('server_version') as version,
      pg_is_in_recovery() as "isStandby", clock_timestamp() as clock,
      (select least(
          current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
            - coalesce(current_setting('reserved_connections', true), '0')::int,
          nullif(rolconnlimit, -1), nullif(datconnlimit, -1))
        from pg_roles, pg_database where rolname = session_user and datname = current_database()) as "maxConnections",
      (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as connections,
      (select min(xact_start) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
        and backend_type = 'client backend') as "oldestTransaction"`);
  if (!rows[0]) throw new Error('PostgreSQL tells nothing about itself');
  return rows[0];
}

/** The server's clock now. */
export async function readClock(db: Db): Promise<Date> {
  const { rows } = await db.query<{ clock: Date }>('select clock_timestamp() as clock');
  return rows[0]?.clock ?? new Date(Number.NaN);
}

export interface OutboxSize {
  /** On disk, with its indexes. */
  bytes: number;
  /** Counted up to 10,000. */
  rows: number;
  vacuumedAt: Date | null;
}

export async function readOutboxSize(db: Db): Promise<OutboxSize> {
  const { rows } = await db.query<OutboxSize>(`
    select pg_total_relation_size('outbox') as bytes, (select count(*)::int from (select from outbox limit 10000) as counted) as rows,
      (select greatest(last_vacuum, last_autovacuum) from pg_stat_user_tables where relid = 'outbox'::regclass) as "vacuumedAt"`);
  return rows[0] ?? { bytes: 0, rows: 0, vacuumedAt: null };
}
