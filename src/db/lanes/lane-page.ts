// Reads the next held deliveries of an endpoint, in the order in which its drain sends them.
import type { TraceContext } from '#domain/events/trace-context';
import { idOf, uuidOf } from '#domain/ids';
import type { Ordering } from '#domain/lanes/lane-settings';
import { cancelOfEvent, eraseEvent } from '../events/erasure.ts';
import type { Db } from '../store/pool.ts';

/** A held delivery, with the body of its event. */
export interface HeldDelivery {
  deliveryId: string;
  eventId: string;
  /** The producer's id of the event. */
  webhookId: string;
  /** Encrypted. */
  body: Buffer;
  round: number;
  attempts: number;
  eventType: string;
  /** Ordering key, for an endpoint ordered by key. */
  laneKey: string | null;
  /** Its position in the order, which is the order in which events were accepted. */
  position: number | null;
  /** Its sequence number; null until it gets one. */
  sequence: number | null;
  batchId: string | null;
  /** Milliseconds until it is due; negative: overdue by so much. */
  dueInMs: number;
  /** When it expires, in ms of the monotonic clock of this process. */
  expiresAtMs: number;
  trace: TraceContext | null;
  /** When its event was to be sent, in Unix ms; null: at once. */
  scheduledMs: number | null;
  /** How its body is changed; null: it is sent as it was accepted. */
  shapeId: string | null;
  /** Its shape makes the whole body, so it is never sent in a batch. */
  isWhole: boolean;
  /** The version of the event type that the event names. */
  version: number | null;
}

export interface PageQuery {
  endpointId: string;
  /**
   * With ordering: by position, due or not (with ordering by key, deliveries without a key only when due). Without
   * ordering: by due time, only those that are due.
   */
  ordering: Ordering;
  /** Includes deliveries that are not due yet: one is needed as a probe. */
  evenEarly: boolean;
  limit: number;
  /** In flight already. */
  except: string[];
  /** Ordering keys that cannot be sent now. */
  exceptKeys: string[];
  /** Leaves out ordering keys that a dead letter or quarantined delivery blocks. */
  blocks: boolean;
  /**
   * Without ordering: only deliveries that were due at this time, which `coalesceHeld` has handled. Null: those due
   * now.
   */
  asOf: string | null;
  /** No held delivery has a lower id: the recent result of `lowestHeld`. */
  lowest: string;
}

const mostBytes = 2 * 1024 * 1024;
/** For a row `d`, the same expression as in the index: 0 first attempt, 1 retry, 2 replay. */
export const urgency = '(case when d.round > 1 then 2 when d.attempts > 0 then 1 else 0 end)';
export const heldColumns =
  'd.id, d.event_id, d.event_type, d.round, d.attempts, d.lane_key, d.sequence, d.batch_id, d.next_attempt_at, d.position, d.expires_at, d.shape_id';
/** Of a held row `h` and its event `e`. */
const shapeColumns =
  'h.shape_id, case when h.shape_id is not null then (select is_whole from shapes where id = h.shape_id) end as is_whole, e.version';
export const withEvents = `
  select h.id, h.event_id, h.event_type, h.round, h.attempts, h.lane_key, h.sequence, h.batch_id, h.position, ${shapeColumns}, e.external_id as webhook_id, e.body, e.trace_context, extract(epoch from e.deliver_at)::float8 * 1000 as scheduled_ms, e.erased_at is not null as erased, e.recalled_at is not null as recalled,
    extract(epoch from h.next_attempt_at - now())::float8 * 1000 as due_in_ms,
    extract(epoch from h.expires_at - now())::float8 * 1000 as expires_in_ms
  from (
    select h.*, sum(octet_length(e.body)) over (order by h.n) as bytes from held h
    cross join lateral (select body from events where id = h.event_id offset 0) e
  ) h
  cross join lateral (select external_id, body, version, erased_at, recalled_at, trace_context, deliver_at from events where id = h.event_id offset 0) e
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

/** Leaves out rows whose ordering key is blocked by a dead letter or quarantined delivery. */
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

/** The next deliveries in the order of sending: at most `limit`, and about 2 MiB. */
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

/** Runs the statement. Deliveries whose event was erased or recalled meanwhile are cancelled, and the statement runs again. */
export async function withoutErased(db: Db, statement: { name: string; text: string; values: unknown[] }): Promise<HeldDelivery[]> {
  const { rows } = await db.query<HeldRow>(statement);
  const gone = rows.filter(isGone);
  if (gone.length === 0) return rows.map(toHeld);
  await cancelGone(db, gone);
  return withoutErased(db, statement);
}

/** All held deliveries of a batch, in the order of their events. */
export async function readBatch(db: Db, endpointId: string, batchId: string): Promise<HeldDelivery[]> {
  const { rows } = await db.query<HeldRow>({
    name: 'read_batch',
    text: `
      with held as materialized (
        select ${heldColumns}, row_number() over (order by d.position nulls first, d.id) as n from deliveries d
        where d.endpoint_id = $1 and d.status = 'held' and d.batch_id = $2 and (d.expires_at is null or d.expires_at > now())
      )
      select h.*, ${shapeColumns}, e.external_id as webhook_id, e.body, e.trace_context, extract(epoch from e.deliver_at)::float8 * 1000 as scheduled_ms, e.erased_at is not null as erased, e.recalled_at is not null as recalled, extract(epoch from h.next_attempt_at - now())::float8 * 1000 as due_in_ms,
        extract(epoch from h.expires_at - now())::float8 * 1000 as expires_in_ms
      from held h cross join lateral (select external_id, body, version, erased_at, recalled_at, trace_context, deliver_at from events where id = h.event_id offset 0) e order by h.n`,
    values: [uuidOf(endpointId), uuidOf(batchId)],
  });
  await cancelGone(db, rows.filter(isGone));
  return rows.filter((row) => !isGone(row)).map(toHeld);
}

const isGone = ({ erased, recalled }: HeldRow) => erased || recalled;

/** Cancels deliveries that were parked after their event was erased or recalled, by a process that had it in memory. */
async function cancelGone(db: Db, rows: HeldRow[]): Promise<void> {
  for (const { event_id, erased } of rows) await (erased ? eraseEvent : cancelOfEvent)(db, idOf('evt', event_id));
}

interface HeldRow {
  id: string;
  event_id: string;
  event_type: string;
  webhook_id: string;
  body: Buffer;
  erased: boolean;
  recalled: boolean;
  round: number;
  attempts: number;
  lane_key: string | null;
  position: number | null;
  sequence: number | null;
  batch_id: string | null;
  due_in_ms: number;
  expires_in_ms: number | null;
  trace_context: string | null;
  scheduled_ms: number | null;
  shape_id: string | null;
  is_whole: boolean | null;
  version: number | null;
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
    trace: row.trace_context,
    scheduledMs: row.scheduled_ms,
    shapeId: row.shape_id,
    isWhole: row.is_whole ?? false,
    version: row.version,
  };
}
