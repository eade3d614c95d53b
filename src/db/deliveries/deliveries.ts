// Delivery rows for an attempt: reads everything it needs in one statement, and makes the changes
// that are not part of recording an attempt. The statements have no names, so that the ids select the partitions
// (docs/decisions/0040).
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import type { TraceContext } from '#domain/events/trace-context';
import { deliveryRange, idOf, uuidOf } from '#domain/ids';
import { type EndpointToSend, type EndpointToSendRow, toEndpointToSend } from '../endpoints/endpoint-to-send.ts';
import type { Db } from '../store/pool.ts';

/** A delivery with its event and endpoint as they are now. */
export interface DeliveryJob extends EndpointToSend {
  deliveryId: string;
  eventId: string;
  endpointId: string;
  tenantId: string;
  eventType: string;
  status: DeliveryStatus;
  round: number;
  attempts: number;
  /** It was given a retry-now that no attempt has taken yet. */
  hurried: boolean;
  /**
   * Milliseconds until it may be attempted, or expires; 0 or less: now. Without the endpoint's Retry-After, which the
   * lane applies.
   */
  waitMs: number;
  expired: boolean;
  /** Milliseconds until it expires; null: never. */
  expiresInMs: number | null;
  lastOutcome: string | null;
  lastMessage: string | null;
  /** The producer's id of the event: `webhook-id`. */
  webhookId: string;
  /** Encrypted. */
  body: Buffer;
  /** Its endpoint was deleted, or its event recalled. */
  deleted: boolean;
  /** Only the lane of its endpoint sends it. */
  parks: boolean;
  trace: TraceContext | null;
  /** When its event was to be sent, in Unix ms; null: at once. */
  scheduledMs: number | null;
  /** Relays make its next attempt, and not its workflow. */
  pumped: boolean;
  /** How its body is changed; null: it is sent as it was accepted. */
  shapeId: string | null;
  /** The version of the event type that the event names. */
  version: number | null;
  secrets: { id: string; sealed: Buffer }[];
}

/** Null: no such delivery, or its event was deleted. */
export async function readDeliveryJob(db: Db, deliveryId: string): Promise<DeliveryJob | null> {
  return (await readDeliveryJobs(db, [deliveryId])).get(deliveryId) ?? null;
}

/** By id. `leasedBy`: only deliveries that relays attempt and that this relay has leased. */
export async function readDeliveryJobs(db: Db, deliveryIds: string[], leasedBy?: string): Promise<Map<string, DeliveryJob>> {
  const ids = deliveryIds.map(uuidOf).toSorted();
  const [lowest = '', highest = ''] = [ids[0], ids.at(-1)];
  const { rows } = await db.query<JobRow>({
    // Not prepared by name, so that the ids select the partitions. An event is on the same day as its deliveries. `limit`
    // keeps the planner from reading all events between. A first attempt in flight elsewhere may end long before its lease:
    // it is looked at again every few seconds.
    text: `
      select d.id, d.event_id, d.endpoint_id, d.tenant_id, d.event_type, d.status, d.round, d.attempts, d.hurried, d.pumped, d.last_outcome, d.last_message, d.shape_id,
        extract(epoch from least(greatest(coalesce(d.next_attempt_at, now()), case when d.attempts = 0 and d.round = 1 and d.leased_until is not null then least(d.leased_until, now() + interval '5 seconds') end), d.expires_at) - now())::float8 * 1000 as wait_ms,
        extract(epoch from d.expires_at - now())::float8 * 1000 as expires_in_ms,
        coalesce(least(d.expires_at, e.erased_at) <= now(), false) as expired,
        e.external_id as webhook_id, e.body, e.version, e.trace_context, extract(epoch from e.deliver_at)::float8 * 1000 as scheduled_ms, p.sealed as target, p.target_version, p.format, p.signing, p.timeout_ms, p.max_in_flight, p.retry, p.gate, p.deleted_at is not null or e.recalled_at is not null as deleted, parks(p) as parks,
        array(select s.id from endpoint_secrets s where s.endpoint_id = p.id and (s.valid_to is null or s.valid_to > now()) order by s.valid_from desc, s.id desc) as secret_ids,
        array(select s.sealed from endpoint_secrets s where s.endpoint_id = p.id and (s.valid_to is null or s.valid_to > now()) order by s.valid_from desc, s.id desc) as sealed
      from deliveries d join endpoints p on p.id = d.endpoint_id cross join lateral (
        select external_id, body, version, erased_at, recalled_at, trace_context, deliver_at from events where id = d.event_id and id between $2 and $3 limit 1
      ) e
      where d.id = any($1::uuid[]) and ($4::uuid is null or d.pumped and d.leased_by = $4)`,
    values: [ids, deliveryRange(lowest).from, deliveryRange(highest).to, leasedBy === undefined ? null : uuidOf(leasedBy)],
  });
  return new Map(rows.map((row) => [idOf('dlv', row.id), toJob(idOf('dlv', row.id), row)]));
}

interface JobRow extends EndpointToSendRow {
  id: string;
  event_id: string;
  endpoint_id: string;
  tenant_id: string;
  event_type: string;
  status: DeliveryStatus;
  round: number;
  attempts: number;
  hurried: boolean;
  pumped: boolean;
  wait_ms: number | null;
  expired: boolean;
  expires_in_ms: number | null;
  last_outcome: string | null;
  last_message: string | null;
  webhook_id: string;
  body: Buffer;
  deleted: boolean;
  parks: boolean;
  trace_context: string | null;
  scheduled_ms: number | null;
  shape_id: string | null;
  version: number | null;
  secret_ids: string[];
  sealed: Buffer[];
}

function toJob(deliveryId: string, row: JobRow): DeliveryJob {
  return {
    deliveryId,
    eventId: idOf('evt', row.event_id),
    endpointId: idOf('ep', row.endpoint_id),
    tenantId: idOf('tnt', row.tenant_id),
    eventType: row.event_type,
    status: row.status,
    round: row.round,
    attempts: row.attempts,
    hurried: row.hurried,
    pumped: row.pumped,
    shapeId: row.shape_id,
    version: row.version,
    waitMs: row.wait_ms ?? 0,
    expired: row.expired,
    expiresInMs: row.expires_in_ms,
    lastOutcome: row.last_outcome,
    lastMessage: row.last_message,
    webhookId: row.webhook_id,
    body: row.body,
    ...toEndpointToSend(row),
    deleted: row.deleted,
    parks: row.parks,
    trace: row.trace_context,
    scheduledMs: row.scheduled_ms,
    secrets: row.secret_ids.map((id, index) => ({ id: idOf('sec', id), sealed: row.sealed[index] ?? Buffer.alloc(0) })),
  };
}

/** The state of a delivery, for its workflow. A delivery without a row has expired. */
export interface DeliveryState {
  status: DeliveryStatus;
  round: number;
  attempts: number;
  nextAttemptAt: string | null;
  lastOutcome: string | null;
  /** Relays make its next attempt, or open the workflow of the dead letter. */
  pumped: boolean;
}

export async function readDeliveryState(db: Db, deliveryId: string): Promise<DeliveryState> {
  const { rows } = await db.query<StateRow>({
    text: 'select status, round, attempts, next_attempt_at, last_outcome, pumped from deliveries where id = $1',
    values: [uuidOf(deliveryId)],
  });
  const [row] = rows;
  if (!row) return { status: 'expired', round: 1, attempts: 0, nextAttemptAt: null, lastOutcome: null, pumped: false };
  return {
    status: row.status,
    round: row.round,
    attempts: row.attempts,
    nextAttemptAt: row.next_attempt_at?.toISOString() ?? null,
    lastOutcome: row.last_outcome,
    pumped: row.pumped,
  };
}

interface StateRow {
  status: DeliveryStatus;
  round: number;
  attempts: number;
  next_attempt_at: Date | null;
  last_outcome: string | null;
  pumped: boolean;
}

async function readStatus(db: Db, deliveryId: string): Promise<DeliveryStatus | null> {
  const { rows } = await db.query<{ status: DeliveryStatus }>({
    text: 'select status from deliveries where id = $1',
    values: [uuidOf(deliveryId)],
  });
  return rows[0]?.status ?? null;
}

/** Settles a pending, retrying or held delivery. Returns its status now; null: no such delivery. */
export async function settleDelivery(db: Db, deliveryId: string, status: 'cancelled' | 'expired'): Promise<DeliveryStatus | null> {
  await db.query({
    text: `
      update deliveries set status = $2, next_attempt_at = null, updated_at = now()
      where id = $1 and status in ('pending', 'retrying', 'held')`,
    values: [uuidOf(deliveryId), status],
  });
  return readStatus(db, deliveryId);
}

/** Postpones a pending or retrying delivery to `ms` milliseconds from now, unless it is due later already. */
export async function deferDelivery(db: Db, deliveryId: string, ms: number): Promise<void> {
  await db.query({
    text: `
      update deliveries set next_attempt_at = greatest(next_attempt_at, now() + $2::float8 * interval '1 millisecond')
      where id = $1 and status in ('pending', 'retrying')`,
    values: [uuidOf(deliveryId), ms],
  });
}

/** Counts a deterministic internal error; the tenth puts the delivery into quarantine. It uses up no attempt. */
export async function countFault(db: Db, deliveryId: string, message: string): Promise<{ status: DeliveryStatus; faults: number }> {
  const { rows } = await db.query<{ status: DeliveryStatus; faults: number }>({
    text: `
      update deliveries set faults = faults + 1, last_message = $2, updated_at = now(),
        status = case when faults + 1 >= 10 then 'quarantined' else status end,
        next_attempt_at = case when faults + 1 >= 10 then null else next_attempt_at end
      where id = $1 and status in ('pending', 'retrying', 'held')
      returning status, faults`,
    values: [uuidOf(deliveryId), message],
  });
  return rows[0] ?? { status: (await readStatus(db, deliveryId)) ?? 'expired', faults: 0 };
}

/** Puts a pending, retrying or held delivery into quarantine. Returns its status now; null: no such delivery. */
export async function quarantineDelivery(db: Db, deliveryId: string, message: string): Promise<DeliveryStatus | null> {
  await db.query({
    text: `
      update deliveries set status = 'quarantined', next_attempt_at = null, last_message = $2, updated_at = now()
      where id = $1 and status in ('pending', 'retrying', 'held')`,
    values: [uuidOf(deliveryId), message],
  });
  return readStatus(db, deliveryId);
}
