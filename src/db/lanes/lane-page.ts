// The next of an endpoint's held deliveries, as its drain sends them.
import { idOf, uuidOf } from '#domain/ids';
import type { Ordering } from '#domain/lane-settings';
import { eraseEvent } from '../events/erasure.ts';
import type { Db } from '../store/pool.ts';

/** A delivery that waits for its lane. */
export interface HeldDelivery {
  deliveryId: string;
  eventId: string;
  /** The producer's id of the event. */
  webhookId: string;
  /** Sealed. */
  body: Buffer;
  round: number;
  attempts: number;
  eventType: string;
  /** Of an endpoint ordered by key. */
  laneKey: string | null;
  /** Its place in the order, which is that of its event's acceptance. */
  position: number | null;
  /** Its number in the order, once one was given. */
  sequence: number | null;
  batchId: string | null;
  /** Milliseconds until its time comes; less than 0: since when it is due. */
  dueInMs: number;
  /** When it must not be sent any more, by the monotonic clock of this process. */
  expiresAtMs: number;
}

export interface PageQuery {
  endpointId: string;
  /** By position whatever their time - of those without a key in an order by key only what is due -, else by their time those that are due. */
  ordering: Ordering;
  /** Also those whose time has not come: one is to be tried for all. */
  evenEarly: boolean;
  limit: number;
  /** Under way already. */
  except: string[];
  /** Ordering keys that cannot move now. */
  exceptKeys: string[];
  /** Nor can those, of an endpoint ordered by key, in which something was given up. */
  blocks: boolean;
  /** Of an endpoint without order only what was due then: `coalesceHeld` has seen it. Null: what is due now. */
  asOf: string | null;
  /** No row of the lane is older: as `lowestHeld` said a moment ago. */
  lowest: string;
}

const mostBytes = 2 * 1024 * 1024;
/** Of a row `d`, the same expression as in the index: first attempts, then retries, then replays. */
export const urgency = '(case when d.round > 1 then 2 when d.attempts > 0 then 1 else 0 end)';
export const heldColumns =
  'd.id, d.event_id, d.event_type, d.round, d.attempts, d.lane_key, d.sequence, d.batch_id, d.next_attempt_at, d.position, d.expires_at';
export const withEvents = `
  select h.id, h.event_id, h.event_type, h.round, h.attempts, h.lane_key, h.sequence, h.batch_id, h.position, e.external_id as webhook_id, e.body, e.erased_at is not null as erased,
    extract(epoch from coalesce(h.next_attempt_at, now()) - now())::float8 * 1000 as due_in_ms,
    extract(epoch from h.expires_at - now())::float8 * 1000 as expires_in_ms
  from (
    select h.*, sum(octet_length(e.body)) over (order by h.n) as bytes from held h
    cross join lateral (select body from events where id = h.event_id offset 0) e
  ) h
  cross join lateral (select external_id, body, erased_at from events where id = h.event_id offset 0) e
  where h.bytes <= ${mostBytes} or h.n = 1
  order by h.n`;

const byTime = `
  with held as materialized (
    select d.*, row_number() over (order by d.urgency, d.next_attempt_at) as n
    from unnest(array[0, 1, 2]) as c (urgency) cross join lateral (
      select ${heldColumns}, c.urgency from deliveries d
      where d.endpoint_id = $1 and d.status = 'held' and ${urgency} = c.urgency and d.next_attempt_at <= case when $4 then 'infinity' else coalesce($6::timestamptz, now()) end and d.id >= $5
        and d.id <> all($3::uuid[]) and (d.expires_at is null or d.expires_at > now())
      order by d.next_attempt_at limit $2
    ) d
    order by d.urgency, d.next_attempt_at limit $2
  ) ${withEvents}`;

/** A dead letter or a quarantined delivery stands in the way of its ordering key. */
export const notBlocked = `
  and not exists (
    select from deliveries b where b.endpoint_id = $1 and b.lane_key = d.lane_key and b.status in ('dead_lettered', 'quarantined') and b.position is not null)`;

const byPosition = (unblocked: string) => `
  with held as materialized (
    select d.*, row_number() over (order by d.position nulls first) as n from (
      select ${heldColumns} from deliveries d
      where d.endpoint_id = $1 and d.status = 'held' and d.id >= $5 and d.id <> all($3::uuid[])
        and (d.lane_key is null or d.lane_key <> all($4::text[])) and (not $6 or d.lane_key is not null or d.next_attempt_at <= now())
        and (d.expires_at is null or d.expires_at > now()) ${unblocked}
      order by d.position nulls first limit $2
    ) d
  ) ${withEvents}`;

/** The next ones, in the order in which they are to be sent: at most `limit`, and about 2 MiB. */
export async function readHeld(db: Db, query: PageQuery): Promise<HeldDelivery[]> {
  const { endpointId, ordering, evenEarly, limit, except, exceptKeys, blocks, lowest, asOf } = query;
  const ordered = ordering !== 'none';
  const keylessDue = ordering === 'key' && !evenEarly;
  const [name, text] = !ordered
    ? ['read_held_by_time', byTime]
    : blocks
      ? ['read_held_not_blocked', byPosition(notBlocked)]
      : ['read_held_by_position', byPosition('')];
  return withoutErased(db, {
    name,
    text,
    values: [uuidOf(endpointId), limit, except.map(uuidOf), ordered ? exceptKeys : evenEarly, uuidOf(lowest), ordered ? keylessDue : asOf],
  });
}

/** What was erased since it was held is cancelled, and the rest is read again. */
export async function withoutErased(db: Db, statement: { name: string; text: string; values: unknown[] }): Promise<HeldDelivery[]> {
  const { rows } = await db.query<HeldRow>(statement);
  const erased = rows.filter((row) => row.erased);
  if (erased.length === 0) return rows.map(toHeld);
  await cancelErased(db, erased);
  return withoutErased(db, statement);
}

/** All of one batch, in the order of their events. */
export async function readBatch(db: Db, endpointId: string, batchId: string): Promise<HeldDelivery[]> {
  const { rows } = await db.query<HeldRow>({
    name: 'read_batch',
    text: `
      with held as materialized (
        select ${heldColumns}, row_number() over (order by d.position nulls first, d.id) as n from deliveries d
        where d.endpoint_id = $1 and d.status = 'held' and d.batch_id = $2 and (d.expires_at is null or d.expires_at > now())
      )
      select h.*, e.external_id as webhook_id, e.body, e.erased_at is not null as erased, extract(epoch from h.next_attempt_at - now())::float8 * 1000 as due_in_ms,
        extract(epoch from h.expires_at - now())::float8 * 1000 as expires_in_ms
      from held h cross join lateral (select external_id, body, erased_at from events where id = h.event_id offset 0) e order by h.n`,
    values: [uuidOf(endpointId), uuidOf(batchId)],
  });
  await cancelErased(
    db,
    rows.filter((row) => row.erased),
  );
  return rows.filter((row) => !row.erased).map(toHeld);
}

/** Held since their event was erased, by who had it in memory: there is nothing to send. */
async function cancelErased(db: Db, rows: HeldRow[]): Promise<void> {
  for (const row of rows) await eraseEvent(db, idOf('evt', row.event_id));
}

interface HeldRow {
  id: string;
  event_id: string;
  event_type: string;
  webhook_id: string;
  body: Buffer;
  erased: boolean;
  round: number;
  attempts: number;
  lane_key: string | null;
  position: number | null;
  sequence: number | null;
  batch_id: string | null;
  due_in_ms: number;
  expires_in_ms: number | null;
}

function toHeld(row: HeldRow): HeldDelivery {
  return {
    deliveryId: idOf('dlv', row.id),
    eventId: idOf('evt', row.event_id),
    webhookId: row.webhook_id,
    eventType: row.event_type,
    body: row.body,
    round: row.round,
    attempts: row.attempts,
    laneKey: row.lane_key,
    position: row.position,
    sequence: row.sequence,
    batchId: row.batch_id && idOf('bat', row.batch_id),
    dueInMs: row.due_in_ms,
    expiresAtMs: row.expires_in_ms === null ? Number.POSITIVE_INFINITY : performance.now() + row.expires_in_ms,
  };
}
