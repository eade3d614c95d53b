// Counts what waits for each endpoint: held deliveries, dead letters, and the time of the oldest event that waits.
import { queryPlannedOnce } from '../store/planned-once.ts';
import { type Db, inTransaction } from '../store/pool.ts';

/** Replaces the rows that have changed. Reads an index entry for each delivery that is not finished, and each dead letter. */
export async function countBacklogs(db: Db): Promise<void> {
  await inTransaction(db, (client) => queryPlannedOnce(client, { name: 'count_backlogs', text }));
}

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
  ), gone as (
    delete from stats_backlogs b where not exists (select from now_waiting n where n.id = b.id)
  )
  insert into stats_backlogs as b (id, tenant_id, held, dead_lettered, oldest_at) select * from now_waiting order by id
  on conflict (id) do update set held = excluded.held, dead_lettered = excluded.dead_lettered, oldest_at = excluded.oldest_at
  where (b.held, b.dead_lettered, b.oldest_at) is distinct from (excluded.held, excluded.dead_lettered, excluded.oldest_at)`;
