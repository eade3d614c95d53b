// Lists lanes that have work or should have acted by now, for tasks that check all lanes.
import { uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';
import { type LaneRef, type RefRow, toRef } from './lanes.ts';

/**
 * Endpoints with held deliveries, and those whose lane should have acted 10 s ago, in the order of their ids, after the
 * id `after`; null: from the first. Reads one row of each endpoint, however many are held.
 */
export async function lanesWithWork(db: Db, after: string | null, limit: number): Promise<LaneRef[]> {
  const { rows } = await db.query<RefRow>({
    name: 'lanes_with_work',
    text: `
      with recursive holding as (
        (select endpoint_id from deliveries where status = 'held' and endpoint_id > $1 order by endpoint_id limit 1)
        union all
        select (select d.endpoint_id from deliveries d where d.status = 'held' and d.endpoint_id > h.endpoint_id order by d.endpoint_id limit 1)
        from holding h where h.endpoint_id is not null
      ), found as (
        (select endpoint_id from holding where endpoint_id is not null limit $2)
        union
        (select endpoint_id from lanes where due_at < now() - interval '10 seconds' and endpoint_id > $1 order by endpoint_id limit $2)
      )
      select p.id, p.tenant_id, t.external_id as tenant, p.host
      from found f join endpoints p on p.id = f.endpoint_id join tenants t on t.id = p.tenant_id
      order by p.id limit $2`,
    values: [after ? uuidOf(after) : '00000000-0000-0000-0000-000000000000', limit],
  });
  return rows.map(toRef);
}
