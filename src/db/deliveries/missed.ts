// The list of what an endpoint missed: deliveries that it should have accepted and has not. Each gets its number when a
// reader first sees it there, under a lock, so no late commit gets a number that a reader has passed (docs/decisions/0044).
import { idOf, uuidOf } from '#domain/ids';
import { type MissedStatus, missedStatuses } from '#domain/views/missed';
import { type Audit, audited } from '../audit/audit.ts';
import { type Db, inTransaction } from '../store/pool.ts';

const numberedAtOnce = 500;
const takenAtOnce = 500;
const mostBytes = 4 * 1024 * 1024;

export interface MissedList {
  /** The last number given. A cursor beyond it is none of this list. */
  last: number;
  /** Everything up to this number was acknowledged. */
  acked: number;
}

export async function readMissedList(db: Pick<Db, 'query'>, endpointId: string): Promise<MissedList> {
  const { rows } = await db.query<MissedList>({
    name: 'read_missed_list',
    text: 'select last, acked from missed_lists where endpoint_id = $1',
    values: [uuidOf(endpointId)],
  });
  return rows[0] ?? { last: 0, acked: 0 };
}

/**
 * Gives the next numbers to deliveries of the endpoint that have none, in the order in which their events were accepted; at
 * most 500. Readers take turns. A row that is being changed is left for the next reader.
 */
export async function numberMissed(db: Db, endpointId: string): Promise<void> {
  if ((await unnumbered(db, endpointId, 1, '')).length === 0) return;
  await inTransaction(db, async (client) => {
    const { rows: lists } = await client.query<{ last: number }>({
      name: 'lock_missed_list',
      text: `
        insert into missed_lists as m (endpoint_id, tenant_id) select id, tenant_id from endpoints where id = $1
        on conflict (endpoint_id) do update set last = m.last returning last`,
      values: [uuidOf(endpointId)],
    });
    const ids = await unnumbered(client, endpointId, numberedAtOnce, 'for update skip locked');
    const [list] = lists;
    if (list && ids.length > 0) await giveNumbers(client, endpointId, ids, list.last);
  });
}

async function unnumbered(db: Pick<Db, 'query'>, endpointId: string, limit: number, locking: '' | 'for update skip locked') {
  const { rows } = await db.query<{ id: string }>({
    text: `
      select id from deliveries
      where endpoint_id = $1 and missed_number is null and status in (${listed})
      order by id limit $2 ${locking}`,
    values: [uuidOf(endpointId), limit],
  });
  return rows.map(({ id }) => idOf('dlv', id));
}

// literal, because the partial index has the same condition
const listed = missedStatuses.map((status) => `'${status}'`).join(', ');

/** Exported for the test of the partitions that it plans. The deliveries are in the order of their ids. */
export async function giveNumbers(db: Pick<Db, 'query'>, endpointId: string, deliveryIds: string[], last: number): Promise<void> {
  await db.query({
    // not prepared by name, so that the ids select the partitions; an event has the upper half of its deliveries' ids
    text: `
      with numbered as (
        select d.id, $2::bigint + row_number() over (order by e.position, d.id) as number
        from deliveries d cross join lateral (
          select position from events where id = d.event_id and id between $3 and $4 limit 1
        ) e
        where d.id = any($1::uuid[]) and d.missed_number is null
      ), given as (
        update deliveries d set missed_number = n.number from numbered n where d.id = n.id and d.id = any($1::uuid[])
      )
      update missed_lists set last = $2 + (select count(*) from numbered) where endpoint_id = $5`,
    values: [deliveryIds.map(uuidOf), last, ...boundsOf(deliveryIds), uuidOf(endpointId)],
  });
}

/** The range of ids that contains the events of these deliveries. */
function boundsOf(deliveryIds: string[]): [from: string, to: string] {
  const upper = deliveryIds.map((id) => uuidOf(id).slice(0, 16)).toSorted();
  return [`${upper[0] ?? ''}${'0'.repeat(16)}`, `${upper.at(-1) ?? ''}${'f'.repeat(16)}`];
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
}

/** Deliveries with a higher number than `after`, in their order; fewer, but at least one, if the bodies exceed 4 MiB. */
export async function listMissed(
  db: Db,
  { endpointId, after, limit, withBodies }: { endpointId: string; after: number; limit: number; withBodies: boolean },
): Promise<MissedDelivery[]> {
  const { rows: found } = await db.query<{ id: string }>({
    text: `
      select id from deliveries where endpoint_id = $1 and missed_number > $2 and status in (${listed})
      order by missed_number limit $3`,
    values: [uuidOf(endpointId), after, limit],
  });
  return found.length === 0
    ? []
    : readMissed(
        db,
        found.map(({ id }) => idOf('dlv', id)),
        withBodies,
      );
}

/** Those of these deliveries that are still missed, in the order of their numbers. */
export async function readMissed(db: Db, deliveryIds: string[], withBodies: boolean): Promise<MissedDelivery[]> {
  const { rows } = await db.query<Row>({
    // not prepared by name, so that the ids select the partitions
    text: `
      with found as (
        select d.id, d.missed_number as number, d.event_id, d.event_type, d.status, e.external_id, e.accepted_at, e.erased_at,
          case when $2 and e.erased_at is null and d.status <> 'expired' then octet_length(e.body) else 0 end as bytes
        from deliveries d cross join lateral (
          select external_id, accepted_at, erased_at, body from events where id = d.event_id and id between $3 and $4 limit 1
        ) e
        where d.id = any($1::uuid[]) and d.missed_number is not null and d.status in (${listed})
      ), fitting as (
        select f.*, sum(bytes) over (order by number) as bytes_so_far, row_number() over (order by number) as n from found f
      )
      select f.number, f.id, f.event_id, f.event_type, f.status, f.external_id, f.accepted_at, f.erased_at,
        case when f.bytes > 0 then (select body from events where id = f.event_id and id between $3 and $4) end as body
      from fitting f where f.bytes_so_far <= ${mostBytes} or f.n = 1 order by f.number`,
    values: [deliveryIds.map(uuidOf), withBodies, ...boundsOf(deliveryIds)],
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
}

/**
 * Marks everything up to this number as taken: the endpoint counts as having accepted it, and nothing of it is sent any
 * more. Interrupted, it is repeated by the same call; a lower number than before changes nothing. Returns how many were
 * taken by this call.
 */
export async function ackMissed(db: Db, endpointId: string, upTo: number, audit: Audit): Promise<number> {
  const { acked } = await readMissedList(db, endpointId);
  let taken = 0;
  for (let more = upTo > acked; more; ) {
    const { rows } = await db.query<{ id: string }>({
      text: `
        select id from deliveries
        where endpoint_id = $1 and missed_number > $2 and missed_number <= $3 and status in (${listed})
        order by missed_number limit $4`,
      values: [uuidOf(endpointId), acked, upTo, takenAtOnce],
    });
    const ids = rows.map(({ id }) => idOf('dlv', id));
    if (ids.length > 0) taken += await takeMissed(db, ids, upTo);
    more = ids.length === takenAtOnce;
  }
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
  return taken;
}

/** Exported for the test of the partitions that it plans. Returns how many of these deliveries it took. */
export async function takeMissed(db: Pick<Db, 'query'>, deliveryIds: string[], upTo: number): Promise<number> {
  const { rowCount } = await db.query({
    // not prepared by name, so that the ids select the partitions
    text: `
      with locked as (
        select id from deliveries
        where id = any($1::uuid[]) and missed_number <= $2 and status in (${listed}) order by id for update
      )
      update deliveries d set status = 'succeeded', taken_at = now(), next_attempt_at = null, leased_by = null,
        unsignalled_since = case when own_workflow then clock_timestamp() else unsignalled_since end, updated_at = now()
      from locked l where d.id = l.id and d.id = any($1::uuid[])`,
    values: [deliveryIds.map(uuidOf), upTo],
  });
  return rowCount ?? 0;
}

/** Deletes the lists of endpoints that were deleted 30 days ago. Returns how many; 0: none are left. */
export async function deleteOldMissedLists(db: Db): Promise<number> {
  const { rowCount } = await db.query({
    name: 'delete_old_missed_lists',
    text: `
      delete from missed_lists where endpoint_id in (
        select m.endpoint_id from missed_lists m join endpoints p on p.id = m.endpoint_id
        where p.deleted_at < now() - interval '30 days' limit 1000)`,
  });
  return rowCount ?? 0;
}
