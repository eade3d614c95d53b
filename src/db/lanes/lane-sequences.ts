// Sequence numbers of an ordered endpoint, or of each of its keys: without gaps over all deliveries
// that were, or may have been, sent.
import { idOf, uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

export interface ToNumber {
  deliveryId: string;
  /** Ordering key; '' for the whole endpoint. */
  key: string;
}

/**
 * Gives each delivery its next sequence number, right before its first POST; at most one delivery of a key per call.
 * Null: the delivery is no longer held, or the drain no longer owns the lane. No number is lost then: rows are locked
 * and checked before a number is taken.
 */
export async function numberDeliveries(db: Db, endpointId: string, epoch: number, deliveries: ToNumber[]): Promise<(number | null)[]> {
  const { rows } = await db.query<{ id: string; sequence: number }>({
    name: 'number_deliveries',
    text: `
      with locked as (
        select d.id, i.key from unnest($3::uuid[], $4::text[]) as i (id, key) join deliveries d on d.id = i.id
        where d.id = any($3::uuid[]) and d.status = 'held' and d.sequence is null
          and exists (select from lanes where endpoint_id = $1 and epoch = $2)
        order by d.id for update of d
      ), given as (
        insert into lane_sequences (endpoint_id, key, last) select $1, key, 1 from locked order by key
        on conflict (endpoint_id, key) do update set last = lane_sequences.last + 1
        returning key, last
      )
      update deliveries d set sequence = g.last from locked l join given g using (key)
      where d.id = l.id and d.id = any($3::uuid[]) returning d.id, d.sequence`,
    values: [uuidOf(endpointId), epoch, deliveries.map(({ deliveryId }) => uuidOf(deliveryId)), deliveries.map(({ key }) => key)],
  });
  const given = new Map(rows.map((row) => [idOf('dlv', row.id), row.sequence]));
  return deliveries.map(({ deliveryId }) => given.get(deliveryId) ?? null);
}

/**
 * Gives the deliveries of a batch consecutive numbers, in their order. Null: one of them may not be sent; none got a
 * number.
 */
export async function numberBatch(db: Db, endpointId: string, epoch: number, deliveryIds: string[]): Promise<number[] | null> {
  const { rows } = await db.query<{ id: string; sequence: number }>({
    name: 'number_batch',
    text: `
      with locked as (
        select d.id, i.n from unnest($3::uuid[]) with ordinality as i (id, n) join deliveries d on d.id = i.id
        where d.id = any($3::uuid[]) and d.status = 'held' and d.sequence is null
          and exists (select from lanes where endpoint_id = $1 and epoch = $2)
        order by d.id for update of d
      ), given as (
        insert into lane_sequences (endpoint_id, key, last) select $1, '', count(*) from locked having count(*) = cardinality($3::uuid[])
        on conflict (endpoint_id, key) do update set last = lane_sequences.last + excluded.last
        returning last
      )
      update deliveries d set sequence = g.last - cardinality($3::uuid[]) + l.n from locked l cross join given g
      where d.id = l.id and d.id = any($3::uuid[]) returning d.id, d.sequence`,
    values: [uuidOf(endpointId), epoch, deliveryIds.map(uuidOf)],
  });
  const given = new Map(rows.map((row) => [idOf('dlv', row.id), row.sequence]));
  const numbers = deliveryIds.flatMap((id) => given.get(id) ?? []);
  return numbers.length === deliveryIds.length ? numbers : null;
}
