// What a day that is dropped leaves behind outside its partitions: outbox rows that no relay took, and event ids.
import type { IdsOfDay } from '../deliveries/expire-day.ts';
import { partitionName } from '../store/old-partitions.ts';
import type { Db } from '../store/pool.ts';

/** Deletes a page of events that were never handed over. Returns how many; 0: none are left. */
export async function deleteOutboxOfDay(db: Pick<Db, 'query'>, [from, to]: IdsOfDay, limit: number): Promise<number> {
  const { rowCount } = await db.query({
    name: 'delete_outbox_of_day',
    text: 'delete from outbox where event_id in (select event_id from outbox where event_id >= $1 and event_id < $2 order by event_id limit $3)',
    values: [from, to, limit],
  });
  return rowCount ?? 0;
}

/**
 * Deletes a page of the event ids of a day whose partition of events is detached. That table lists them, so event_ids needs
 * no index by time. Returns where the next page begins; null: this was the last one.
 */
export async function deleteEventIdsOfDay(db: Pick<Db, 'query'>, day: string, after: string, limit: number): Promise<string | null> {
  const { rows } = await db.query<{ last: string | null }>({
    text: `
      with page as (
        select id, tenant_id, external_id from ${partitionName({ parent: 'events', day })} where id > $1 order by id limit $2
      ), found as (
        -- one index lookup for each, whatever number of rows the planner expects
        select i.at from page p cross join lateral (
          select ctid as at from event_ids where tenant_id = p.tenant_id and external_id = p.external_id and event_id = p.id offset 0
        ) i
      ), deleted as (
        delete from event_ids where ctid = any(array(select at from found))
      )
      select (select id from page order by id desc limit 1) as last`,
    values: [after, limit],
  });
  return rows[0]?.last ?? null;
}
