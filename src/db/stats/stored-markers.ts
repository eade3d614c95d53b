// Tells whether anything that statistics count was stored, without reading it.

export interface StoredMarkers {
  /** Changes when an event, a delivery or an attempt was stored. */
  counted: string;
  /** Changes when a delivery or a row of the outbox was stored, changed or deleted. */
  waiting: string;
}

/**
 * Both, as SQL. Two equal markers: nothing was stored in between that could be seen 10 s ago. PostgreSQL's own counters: a
 * session reports them after its transactions, within 10 s. They begin again after a crash of PostgreSQL, at another time.
 */
export const storedMarkersSql = `
  with tables as (
    select c.oid, coalesce(p.relname, c.relname) as of
    from pg_class c left join pg_inherits i on i.inhrelid = c.oid left join pg_class p on p.oid = i.inhparent
    where c.relkind = 'r' and (i.inhparent in ('events'::regclass, 'deliveries'::regclass, 'attempts'::regclass) or c.oid = 'outbox'::regclass)
  )
  select pg_stat_get_bgwriter_stat_reset_time()::text || ' ' || sum(pg_stat_get_tuples_inserted(oid)) filter (where of <> 'outbox') as counted,
    pg_stat_get_bgwriter_stat_reset_time()::text || ' ' || sum(
      pg_stat_get_tuples_inserted(oid) + pg_stat_get_tuples_updated(oid) + pg_stat_get_tuples_deleted(oid)
    ) filter (where of in ('deliveries', 'outbox')) as waiting
  from tables`;
