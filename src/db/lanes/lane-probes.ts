// Deliveries that a lane with an open circuit can use as a probe: which event types are held, and
// the deliveries of a type.
import { uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';
import { type HeldDelivery, heldColumns, notBlocked, type PageQuery, withEvents, withoutErased } from './lane-page.ts';

const mostHeldTypes = 1_000;

/** The event types of the held deliveries, in alphabetical order; at most 1,000. Reads one row per type. */
export async function readHeldTypes(db: Db, endpointId: string, lowest: string): Promise<string[]> {
  const { rows } = await db.query<{ event_type: string }>({
    name: 'read_held_types',
    text: `
      with recursive types as (
        (select event_type from deliveries where endpoint_id = $1 and status = 'held' and id >= $2 order by event_type limit 1)
        union all
        select (
          select d.event_type from deliveries d
          where d.endpoint_id = $1 and d.status = 'held' and d.id >= $2 and d.event_type > t.event_type order by d.event_type limit 1)
        from types t where t.event_type is not null
      )
      select event_type from types where event_type is not null limit $3`,
    values: [uuidOf(endpointId), uuidOf(lowest), mostHeldTypes],
  });
  return rows.map((row) => row.event_type);
}

type ProbeQuery = Pick<PageQuery, 'endpointId' | 'limit' | 'except' | 'exceptKeys' | 'blocks' | 'lowest'> & { eventType: string };

const ofType = (unblocked: string) => `
  with held as materialized (
    select d.*, row_number() over (order by d.next_attempt_at) as n from (
      select ${heldColumns} from deliveries d
      where d.endpoint_id = $1 and d.status = 'held' and d.event_type = $6 and d.id >= $5 and d.id <> all($3::uuid[])
        and (d.lane_key is null or d.lane_key <> all($4::text[]) and not exists (
          select from deliveries h where h.endpoint_id = $1 and h.status = 'held' and h.lane_key = d.lane_key and h.position < d.position and h.id >= $5))
        and (d.expires_at is null or d.expires_at > now()) ${unblocked}
      order by d.next_attempt_at limit $2
    ) d
  ) ${withEvents}`;

/**
 * Deliveries of one event type to probe with, due or not, the longest overdue first. Only for an endpoint that is not
 * ordered as a whole.
 */
export async function readToProbe(db: Db, query: ProbeQuery): Promise<HeldDelivery[]> {
  const { endpointId, eventType, limit, except, exceptKeys, blocks, lowest } = query;
  return withoutErased(db, {
    ...(blocks ? { name: 'read_to_probe_not_blocked', text: ofType(notBlocked) } : { name: 'read_to_probe', text: ofType('') }),
    values: [uuidOf(endpointId), limit, except.map(uuidOf), exceptKeys, uuidOf(lowest), eventType],
  });
}
