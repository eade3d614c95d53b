// Reads the orders of an ordered endpoint for people: its one order, or those of the ordering keys in which deliveries wait
// or are blocked. Every query reads a bounded number of rows.
import { idOf, uuidOf } from '#domain/ids';
import type { QueueView } from '#domain/views/lane-view';
import type { Db } from '../store/pool.ts';

const mostQueuedCounted = 1_000;

export interface QueuesOf {
  endpointId: string;
  /** One order for each ordering key. */
  byKey: boolean;
  /** Dead letters block the order. */
  blocks: boolean;
  /** Only keys after this one; null: from the first. */
  after: string | null;
}

interface Row {
  lane_key: string | null;
  held: number;
  head_id: string | null;
  head_status: string;
  attempts: number;
  sequence: number | null;
  next_attempt_at: Date | null;
  blocked_by: string | null;
}

/** In the order of keys. The keys are found one by one in the indexes, so a key with many deliveries costs no more. */
export async function readQueues(db: Db, { endpointId, byKey, blocks, after }: QueuesOf, limit: number): Promise<QueueView[]> {
  const { rows } = await db.query<Row>({
    // not prepared by name: planned with its values, only the conditions that apply are left
    text: `
      with recursive keys as (
        select $3::text as lane_key
        union all
        select least(
          (select lane_key from deliveries where endpoint_id = $1 and status = 'held' and lane_key is not null and lane_key > k.lane_key order by lane_key limit 1),
          (select lane_key from deliveries where $4 and endpoint_id = $1 and status in ('dead_lettered', 'quarantined') and position is not null
            and lane_key is not null and lane_key > k.lane_key order by lane_key limit 1)
        ) from keys k where k.lane_key is not null
      ), queues as (
        (select lane_key from keys where $2 and lane_key is not null offset 1 limit $5)
        union all
        select null where not $2
      )
      select q.lane_key, (
          select count(*)::int from (
            select from deliveries where endpoint_id = $1 and status = 'held' and (not $2 or lane_key = q.lane_key) limit ${mostQueuedCounted + 1}
          ) d
        ) as held, h.id as head_id, h.status as head_status, h.attempts, h.sequence, h.next_attempt_at, b.id as blocked_by
      from queues q left join lateral (
        select id, status, attempts, sequence, next_attempt_at from deliveries
        where endpoint_id = $1 and status = 'held' and (not $2 or lane_key = q.lane_key) order by position limit 1
      ) h on true left join lateral (
        select id from deliveries
        where $4 and endpoint_id = $1 and status in ('dead_lettered', 'quarantined') and position is not null and (not $2 or lane_key = q.lane_key)
        order by position limit 1
      ) b on true
      order by q.lane_key`,
    values: [uuidOf(endpointId), byKey, after ?? '', blocks, limit],
  });
  return rows.map(toQueue);
}

function toQueue({ lane_key: orderingKey, held, blocked_by: blockedBy, head_id: headId, ...head }: Row): QueueView {
  return {
    orderingKey,
    held: Math.min(held, mostQueuedCounted),
    heldIsMore: held > mostQueuedCounted,
    head:
      headId === null
        ? null
        : {
            delivery: idOf('dlv', headId),
            status: head.head_status,
            attempts: head.attempts,
            sequence: head.sequence,
            nextAttemptAt: head.next_attempt_at?.toISOString() ?? null,
          },
    blockedBy: blockedBy && idOf('dlv', blockedBy),
  };
}
