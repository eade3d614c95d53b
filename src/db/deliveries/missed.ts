// The list of what an endpoint missed: deliveries that it should have accepted and has not, in the order of their numbers;
// and the acknowledgement of its consumer.
import { idOf, uuidOf } from '#domain/ids';
import type { MissedStatus } from '#domain/views/missed';
import { type Audit, audited } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';
import { eventBounds, forgetNumbers, listedStatuses, type Numbered, readMissedList, readNumbers } from './missed-numbers.ts';

const takenAtOnce = 500;
const mostBytes = 4 * 1024 * 1024;

export interface MissedQuery {
  endpointId: string;
  /** The number of the last one read. */
  after: number;
  limit: number;
  withBodies: boolean;
}

export interface MissedDelivery {
  number: number;
  delivery: string;
  /** Internal. */
  eventId: string;
  /** The producer's id. */
  event: string;
  eventType: string;
  status: MissedStatus;
  acceptedAt: Date;
  erasedAt: Date | null;
  /** Encrypted; null: it was not asked for, was erased, or the event has expired. */
  body: Buffer | null;
  /** How its body is changed for the endpoint; null: not at all. */
  shapeId: string | null;
  /** The version of the event type that the event names. */
  version: number | null;
}

/**
 * Deliveries with a higher number than `after`, in their order; fewer than `limit`, but at least one, if the bodies exceed
 * 4 MiB, or if others have left the list. Empty: there are none.
 */
export async function listMissed(db: Db, { endpointId, after: begin, limit, withBodies }: MissedQuery): Promise<MissedDelivery[]> {
  for (let after = begin; ; ) {
    const numbers = await readNumbers(db, endpointId, after, null, limit);
    const last = numbers.at(-1)?.number;
    if (last === undefined) return [];
    const found = await readMissed(db, numbers, withBodies);
    const listed = new Set(found.map(({ number }) => number));
    const readTo = found.at(-1)?.number ?? last;
    const gone = numbers.flatMap(({ number }) => (number <= readTo && !listed.has(number) ? [number] : []));
    await forgetNumbers(db, endpointId, gone);
    if (found.length > 0) return found;
    after = last;
  }
}

/** Those of these deliveries that are still listed under these numbers, in their order. */
export async function readMissed(db: Db, numbers: Numbered[], withBodies: boolean): Promise<MissedDelivery[]> {
  const ids = numbers.map(({ deliveryId }) => deliveryId);
  const { rows } = await db.query<Row>({
    // not prepared by name, so that the ids select the partitions
    text: `
      with found as (
        select d.id, d.missed_number as number, d.event_id, d.event_type, d.status, d.shape_id, e.version, e.external_id, e.accepted_at, e.erased_at,
          case when $3 and e.erased_at is null and d.status <> 'expired' then octet_length(e.body) else 0 end as bytes
        from unnest($1::uuid[], $2::bigint[]) as i (id, number)
        join deliveries d on d.id = i.id and d.missed_number = i.number cross join lateral (
          select external_id, accepted_at, erased_at, body, version from events where id = d.event_id and id between $4 and $5 limit 1
        ) e
        where d.id = any($1::uuid[]) and d.status in (${listedStatuses})
      ), fitting as (
        select f.*, sum(bytes) over (order by number) as bytes_so_far, row_number() over (order by number) as n from found f
      )
      select f.number, f.id, f.event_id, f.event_type, f.status, f.shape_id, f.version, f.external_id, f.accepted_at, f.erased_at,
        case when f.bytes > 0 then (select body from events where id = f.event_id and id between $4 and $5) end as body
      from fitting f where f.bytes_so_far <= ${mostBytes} or f.n = 1 order by f.number`,
    values: [ids.map(uuidOf), numbers.map(({ number }) => number), withBodies, ...eventBounds(ids)],
  });
  return rows.map((row) => ({
    number: row.number,
    delivery: idOf('dlv', row.id),
    eventId: idOf('evt', row.event_id),
    event: row.external_id,
    eventType: row.event_type,
    status: row.status,
    acceptedAt: row.accepted_at,
    erasedAt: row.erased_at,
    body: row.body,
    shapeId: row.shape_id,
    version: row.version,
  }));
}

interface Row {
  number: number;
  id: string;
  event_id: string;
  event_type: string;
  status: MissedStatus;
  external_id: string;
  accepted_at: Date;
  erased_at: Date | null;
  body: Buffer | null;
  shape_id: string | null;
  version: number | null;
}

/**
 * Marks everything up to this number as taken: the endpoint counts as having accepted it, and nothing of it is sent any
 * more. Interrupted, it is finished by the same call; a lower number than before changes nothing. Returns how many were
 * taken by this call.
 */
export async function ackMissed(db: Db, endpointId: string, upTo: number, audit: Audit): Promise<number> {
  const { acked } = await readMissedList(db, endpointId);
  let taken = 0;
  for (let after = acked; after < upTo; ) {
    const numbers = await readNumbers(db, endpointId, after, upTo, takenAtOnce);
    if (numbers.length === 0) break;
    taken += await takeMissed(db, numbers);
    await forgetNumbers(
      db,
      endpointId,
      numbers.map(({ number }) => number),
    );
    after = numbers.at(-1)?.number ?? upTo;
  }
  await storeAck(db, endpointId, upTo, taken, audit);
  return taken;
}

/** Stored last: until then a repeat begins where this one did. */
async function storeAck(db: Db, endpointId: string, upTo: number, taken: number, audit: Audit): Promise<void> {
  await audited(db, audit, async (client) => {
    const { rows } = await client.query<{ before: number }>({
      name: 'ack_missed',
      text: `
        with before as (select acked from missed_lists where endpoint_id = $1 for update)
        update missed_lists m set acked = $2, acked_at = now() from before b
        where m.endpoint_id = $1 and b.acked < $2 returning b.acked as before`,
      values: [uuidOf(endpointId), upTo],
    });
    const [row] = rows;
    const target = { kind: 'endpoint', id: endpointId };
    return { result: undefined, entry: row ? { target, before: { acked: row.before }, after: { acked: upTo, taken } } : null };
  });
}

/** Exported for the test of the partitions that it plans. Returns how many of these deliveries it took. */
export async function takeMissed(db: Pick<Db, 'query'>, numbers: Numbered[]): Promise<number> {
  const { rowCount } = await db.query({
    // not prepared by name, so that the ids select the partitions
    text: `
      with locked as (
        select d.id from unnest($1::uuid[], $2::bigint[]) as i (id, number) join deliveries d on d.id = i.id and d.missed_number = i.number
        where d.id = any($1::uuid[]) and d.status in (${listedStatuses}) order by d.id for update of d
      )
      update deliveries d set status = 'succeeded', taken_at = now(), next_attempt_at = null, leased_by = null,
        unsignalled_since = case when own_workflow then clock_timestamp() else unsignalled_since end, updated_at = now()
      from locked l where d.id = l.id and d.id = any($1::uuid[])`,
    values: [numbers.map(({ deliveryId }) => uuidOf(deliveryId)), numbers.map(({ number }) => number)],
  });
  return rowCount ?? 0;
}

/** Deletes the lists of endpoints that were deleted 30 days ago. Returns how many; 0: none are left. */
export async function deleteOldMissedLists(db: Db): Promise<number> {
  const { rowCount } = await db.query({
    name: 'delete_old_missed_lists',
    text: `
      with old as (
        select m.endpoint_id from missed_lists m join endpoints p on p.id = m.endpoint_id
        where p.deleted_at < now() - interval '30 days' limit 100
      ), numbers as (
        delete from missed_deliveries where endpoint_id in (select endpoint_id from old)
      )
      delete from missed_lists where endpoint_id in (select endpoint_id from old)`,
  });
  return rowCount ?? 0;
}
