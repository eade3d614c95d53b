// Reads the hurried deliveries of a lane (`retry-now`). The lane sends them before all others,
// whatever the endpoint's Retry-After or the state of its circuit.
import { uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';
import { type HeldDelivery, heldColumns, notBlocked, type PageQuery, withEvents, withoutErased } from './lane-page.ts';

const atOnce = 20;

export type HurriedQuery = Pick<PageQuery, 'endpointId' | 'ordering' | 'except' | 'exceptKeys' | 'blocks'>;

/**
 * The hurried deliveries that may be sent. Of an endpoint with ordering, or of an ordering key, only the first delivery
 * may.
 *
 * The flag `hurried` in the lane's row says that there may be one; a drain reads it at each look. What if the drain
 * goes idle just as a delivery is hurried, or crashes? A drain looks for them once more after it has committed that it
 * is idle, and whenever it begins, whatever the flag says.
 */
export async function readHurried(db: Db, { endpointId, ordering, except, exceptKeys, blocks }: HurriedQuery): Promise<HeldDelivery[]> {
  const name = blocks ? 'read_hurried_not_blocked' : 'read_hurried';
  return withoutErased(db, {
    name,
    text: hurried(blocks ? notBlocked : ''),
    values: [uuidOf(endpointId), except.map(uuidOf), exceptKeys, ordering],
  });
}

const hurried = (unblocked: string) => `
  with held as materialized (
    select d.*, row_number() over (order by d.next_attempt_at, d.id) as n from (
      select ${heldColumns} from deliveries d
      where d.endpoint_id = $1 and d.hurried and d.status = 'held' and d.id <> all($2::uuid[]) and (d.lane_key is null or d.lane_key <> all($3::text[]))
        and (d.expires_at is null or d.expires_at > now()) ${unblocked}
        and (d.position is null or $4 = 'none' or $4 = 'key' and d.lane_key is null or not exists (
          select from deliveries h where h.endpoint_id = $1 and h.status = 'held' and h.position < d.position
            and ($4 = 'endpoint' or h.lane_key = d.lane_key)))
      order by d.next_attempt_at, d.id limit ${atOnce}
    ) d
  ) ${withEvents}`;

/** Clears the lane's flag `hurried`, unless there still is a hurried delivery. */
export async function hurriedDone(db: Db, endpointId: string, epoch: number): Promise<void> {
  await db.query({
    name: 'hurried_done',
    text: `
      update lanes set hurried = false where endpoint_id = $1 and epoch = $2 and hurried
        and not exists (select from deliveries where endpoint_id = $1 and hurried and status in ('pending', 'retrying', 'held'))`,
    values: [uuidOf(endpointId), epoch],
  });
}
