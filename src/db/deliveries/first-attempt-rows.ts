// Writes the rows of deliveries before their first attempts, for deliveries that are bound to a shape.
import type { Db } from '../store/pool.ts';
import { type NewDelivery, newDeliveryValues } from './new-delivery.ts';

export interface BoundRow extends NewDelivery {
  shapeId: string;
  /** No other process attempts it for so long; null: it is due at once. */
  leaseForMs: number | null;
  /** There was no room for a workflow, so relays make its attempts. */
  pumped?: boolean;
}

/** A row that was new. */
export interface Bound {
  /** To the millisecond. */
  leasedUntil: Date | null;
}

/** Returns null for a row that exists. It stays unchanged, with the shape that it has. */
export async function bindFirstAttempts(db: Db, rows: BoundRow[]): Promise<(Bound | null)[]> {
  const of = <T>(pick: (row: BoundRow) => T) => rows.map(pick);
  const { rows: made } = await db.query<{ is_new: boolean; leased_until: Date | null }>({
    name: 'bind_first_attempts',
    text: `
      with incoming as (
        select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[], $7::uuid[], $8::float8[], $9::bool[])
          with ordinality as i (id, event_id, endpoint_id, tenant_id, event_type, expires_at, shape_id, lease_ms, pumped, n)
      ), made as (
        insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, expires_at, status, next_attempt_at, leased_until, own_workflow, pumped, shape_id)
        select id, event_id, endpoint_id, tenant_id, event_type, expires_at, 'pending', now(), date_trunc('milliseconds', now() + lease_ms * interval '1 millisecond'), not pumped, pumped, shape_id
        from incoming order by id
        on conflict do nothing
        returning id, leased_until
      )
      select m.id is not null as is_new, m.leased_until from incoming i left join made m on m.id = i.id order by n`,
    values: [
      ...newDeliveryValues(rows),
      of(({ shapeId }) => shapeId),
      of(({ leaseForMs }) => leaseForMs),
      of(({ pumped = false }) => pumped),
    ],
  });
  return made.map(({ is_new, leased_until: leasedUntil }) => (is_new ? { leasedUntil } : null));
}
