// Counts the deliveries of events by status, for lists of events.
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import { deliveryRanges, idOf, uuidOf } from '#domain/ids';
import type { ListedEvent } from '#domain/views/listed-event';
import type { Db } from '../store/pool.ts';

export type Outcomes = Pick<ListedEvent, 'deliveries' | 'moreDeliveries'>;

/** By the event's id. At most `most` deliveries of each event are read. An event without deliveries is not in the map. */
export async function countOutcomes(db: Db, eventIds: string[], most: number): Promise<Map<string, Outcomes>> {
  if (eventIds.length === 0) return new Map();
  const { lowest, highest, from, to } = deliveryRanges(eventIds);
  const { rows } = await db.query<{ event_id: string; status: DeliveryStatus; n: number }>({
    // the bounds select the partitions before the join is planned
    text: `
      select v.event_id, d.status, d.n
      from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as v (event_id, lowest, highest)
      cross join lateral (
        select status, count(*)::int as n
        from (
          select status from deliveries
          where id between v.lowest and v.highest and id between $4::uuid and $5::uuid and event_id = v.event_id
          order by id limit $6
        ) counted
        group by status
      ) d`,
    values: [eventIds.map(uuidOf), lowest, highest, from, to, most + 1],
  });
  const found = new Map<string, Outcomes>();
  for (const { event_id, status, n } of rows) {
    const id = idOf('evt', event_id);
    const outcomes = found.get(id) ?? { deliveries: {}, moreDeliveries: false };
    outcomes.deliveries[status] = n;
    found.set(id, outcomes);
  }
  for (const outcomes of found.values()) outcomes.moreDeliveries = Object.values(outcomes.deliveries).reduce((sum, n) => sum + n, 0) > most;
  return found;
}
