// Parking: stores a delivery as `held`, for the lane of its endpoint. The caller commits it, wakes
// the lane if it rests (temporal/lane-waker.ts), and only then gives up what guards the event.
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import { uuidOf } from '#domain/ids';
import { type DeliveryRef, type RefRow, refColumns, toRef } from '../deliveries/delivery-refs.ts';
import { type NewDelivery, newDeliveryValues } from '../deliveries/new-delivery.ts';
import { type Db, inTransaction } from '../store/pool.ts';

/**
 * Inserts deliveries that have no row yet as held: due at once, or at the end of the endpoint's coalescing window.
 * Their position is that of their event; a scheduled one (`deliverAt`) gets its position when it falls due. Those of a
 * recalled event are cancelled. Safe to repeat.
 */
export async function parkNew(db: Db, deliveries: NewDelivery[]): Promise<void> {
  await db.query({
    name: 'park_new',
    text: `
      insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, expires_at, status, next_attempt_at, position, lane_key, coalesce_key, own_workflow, shape_id)
      select i.id, i.event_id, i.endpoint_id, i.tenant_id, i.event_type, i.expires_at, case when e.recalled_at is null then 'held' else 'cancelled' end,
        case when e.recalled_at is null then now() end + case when e.coalesce_key is null then interval '0' else coalesce(p.coalesce_ms, 0) * interval '1 millisecond' end,
        case when e.deliver_at is null then e.position else nextval('event_position') end,
        case when p.ordering = 'key' then e.ordering_key end, case when p.coalesce_ms is not null then e.coalesce_key end, false, p.shape_id
      from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[])
        as i (id, event_id, endpoint_id, tenant_id, event_type, expires_at)
      join endpoints p on p.id = i.endpoint_id and p.deleted_at is null
      cross join lateral (
        -- row by row, so that each finds its partition
        select position, ordering_key, coalesce_key, deliver_at, recalled_at from events where id = i.event_id offset 0
      ) e
      order by i.id
      on conflict do nothing`,
    values: newDeliveryValues(deliveries),
  });
}

/** Parks a delivery that is pending or retrying; its due time stays. Returns its status now; null: no such delivery. */
export async function parkExisting(db: Db, deliveryId: string): Promise<DeliveryStatus | null> {
  const { rows } = await db.query<{ status: DeliveryStatus }>({
    name: 'park_existing',
    text: `
      with before as (
        select d.id, d.status, e.position, e.ordering_key, e.coalesce_key, e.deliver_at, p.ordering, p.coalesce_ms
        from deliveries d join events e on e.id = d.event_id join endpoints p on p.id = d.endpoint_id
        where d.id = $1 for update of d
      ), changed as (
        update deliveries d set status = 'held', next_attempt_at = coalesce(d.next_attempt_at, now()), leased_by = null, updated_at = now(),
          position = coalesce(d.position, case when b.deliver_at is null then b.position else nextval('event_position') end),
          lane_key = case when b.ordering = 'key' then b.ordering_key end,
          coalesce_key = case when b.coalesce_ms is not null and d.attempts = 0 then b.coalesce_key end
        from before b where d.id = $1 and b.status in ('pending', 'retrying')
        returning d.status, d.endpoint_id, d.hurried
      ), hurry as (
        update lanes l set hurried = true, due_at = case when l.state = 'awake' then l.due_at else now() end
        from changed c where c.hurried and l.endpoint_id = c.endpoint_id
      )
      select coalesce(c.status, b.status) as status from before b left join changed c on true`,
    values: [uuidOf(deliveryId)],
  });
  return rows[0]?.status ?? null;
}

/** A parked delivery that was in backoff. `pumped`: no workflow would have made its next attempt. */
export interface ParkedSleeper extends DeliveryRef {
  pumped: boolean;
}

/**
 * Parks the endpoint's deliveries in backoff that nobody can be sending now: due in more than 5 s, or, of those without a
 * workflow, without the lease of a relay, whenever they are due. A scheduled delivery (`deliverAt`) is left alone until it is
 * due. Returns the parked deliveries, whose workflows have to read their rows again. Call it again while it returns
 * `limit` of them. It waits for a row that a command has locked, because nothing would take that row over later.
 */
export async function parkSleeping(db: Db, endpointId: string, limit: number): Promise<ParkedSleeper[]> {
  return inTransaction(db, async (client) => {
    // Locked by a statement of its own: PostgreSQL 18.4 crashed when it read a row again that another statement had changed,
    // within one that chooses partitions while it runs.
    const sleeping = await client.query<{ id: string }>({
      name: 'lock_sleeping',
      text: `
        select id from deliveries d
        where endpoint_id = $1 and status in ('pending', 'retrying') and (
          not pumped and status = 'retrying' and attempts > 0 and next_attempt_at > clock_timestamp() + interval '5 seconds'
          -- another relay deletes the row of a relay whose lease has expired
          or pumped and (attempts > 0 or next_attempt_at <= now()) and not exists (select from relays r where r.id = d.leased_by))
        order by id limit $2 for update`,
      values: [uuidOf(endpointId), limit],
    });
    if (sleeping.rows.length === 0) return [];
    const { rows } = await client.query<RefRow & { pumped: boolean }>({
      name: 'park_sleeping',
      text: `
        with taken as (
          update deliveries d set status = 'held', leased_by = null, updated_at = now(),
            position = coalesce(d.position, (select case when e.deliver_at is null then e.position else nextval('event_position') end from events e where e.id = d.event_id)),
            lane_key = case when p.ordering = 'key' then (select e.ordering_key from events e where e.id = d.event_id) end,
            coalesce_key = case when p.coalesce_ms is not null and d.attempts = 0 then (select e.coalesce_key from events e where e.id = d.event_id) end
          from endpoints p where d.id = any($2::uuid[]) and p.id = $1
          returning d.*
        )
        select ${refColumns}, d.pumped from taken d join tenants t on t.id = d.tenant_id join endpoints p on p.id = d.endpoint_id`,
      values: [uuidOf(endpointId), sleeping.rows.map(({ id }) => id)],
    });
    return rows.map((row) => ({ ...toRef(row), pumped: row.pumped }));
  });
}
