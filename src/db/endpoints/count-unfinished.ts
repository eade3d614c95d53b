// Counts the deliveries that the deletion of an endpoint would cancel.
import { type DeliveryStatus, obeyedIn } from '#domain/deliveries/delivery';
import { uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

export const mostUnfinishedCounted = 10_000;

/** Dead letters and quarantined ones too. At most `mostUnfinishedCounted` + 1. */
export async function countUnfinished(db: Db, endpointId: string): Promise<number> {
  const unfinished: readonly DeliveryStatus[] = obeyedIn.cancel;
  const { rows } = await db.query<{ count: number }>({
    name: 'count_unfinished',
    text: `
      select count(*)::int as count from (
        select from unnest($2::text[]) as s (wanted), lateral (
          select from deliveries where endpoint_id = $1 and status = s.wanted and status <> 'succeeded' limit $3
        ) d
        limit $3
      ) counted`,
    values: [uuidOf(endpointId), unfinished, mostUnfinishedCounted + 1],
  });
  return rows[0]?.count ?? 0;
}
