// What blocks the order of an endpoint whose dead letters block (`on_dead_letter`).
import { uuidOf } from '../domain/ids.ts';
import type { Db } from './pool.ts';

/** The first dead letter in the order of an endpoint, or of one of its keys, gives up its place: it blocks no longer. False: nothing blocks. */
export async function skipHead(db: Db, endpointId: string, laneKey: string | null): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'skip_head',
    text: `
      update deliveries set position = null, updated_at = now()
      where id = (
        select id from deliveries
        where endpoint_id = $1 and status in ('dead_lettered', 'quarantined') and position is not null and ($2::text is null or lane_key = $2)
        order by position limit 1 for update
      )`,
    values: [uuidOf(endpointId), laneKey],
  });
  return rowCount === 1;
}
