// Counts what waits for each endpoint: held deliveries, dead letters, and the time of the oldest event that waits. Notes for
// each tenant and the platform how many are held, whenever that changes.
import { queryPlannedOnce } from '../store/planned-once.ts';
import { type Db, inTransaction } from '../store/pool.ts';

/** Replaces the rows that have changed. Reads an index entry for each delivery that is not finished, and each dead letter. */
export async function countBacklogs(db: Db): Promise<void> {
  await inTransaction(db, (client) => queryPlannedOnce(client, { name: 'count_backlogs', text }));
}

/** The tenant and the platform of a row. */
const owners = `(values (tenant_id, tenant_id), ('00000000-0000-0000-0000-000000000000'::uuid, null)) as v (id, of_tenant)`;

// the first 48 bits of an id are its time
const text = `
  with counted as materialized (
    select endpoint_id as id, count(*) filter (where status = 'held')::int as held, count(*) filter (where status = 'dead_lettered')::int as dead_lettered,
      min(left(id::text, 13) collate "C") filter (where status <> 'dead_lettered') as oldest
    from deliveries where status in ('pending', 'retrying', 'held', 'dead_lettered') and status <> 'succeeded' group by endpoint_id
  ), now_waiting as materialized (
    select c.id, p.tenant_id, c.held, c.dead_lettered,
      to_timestamp(('x' || replace(c.oldest, '-', ''))::bit(48)::bigint / 1000.0) as oldest_at
    from counted c join endpoints p on p.id = c.id
    union all
    select tenant_id, tenant_id, 0, 0, min(accepted_at) from outbox group by tenant_id
  ), before as (
    -- the snapshot of the statement: as counted the last time
    select v.id, v.of_tenant, sum(held)::int as held from stats_backlogs cross join lateral ${owners} group by 1, 2
  ), after as (
    select v.id, v.of_tenant, sum(held)::int as held from now_waiting cross join lateral ${owners} group by 1, 2
  ), noted as (
    insert into stats_held as h (id, at, tenant_id, held)
    select coalesce(a.id, b.id), date_trunc('minute', now(), 'UTC'), coalesce(a.of_tenant, b.of_tenant), coalesce(a.held, 0)
    from after a full join before b using (id) where coalesce(a.held, 0) <> coalesce(b.held, 0) order by 1
    on conflict (id, at) do update set held = excluded.held
  ), gone as (
    delete from stats_backlogs b where not exists (select from now_waiting n where n.id = b.id)
  )
  insert into stats_backlogs as b (id, tenant_id, held, dead_lettered, oldest_at) select * from now_waiting order by id
  on conflict (id) do update set held = excluded.held, dead_lettered = excluded.dead_lettered, oldest_at = excluded.oldest_at
  where (b.held, b.dead_lettered, b.oldest_at) is distinct from (excluded.held, excluded.dead_lettered, excluded.oldest_at)`;
