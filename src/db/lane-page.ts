// What a drain reads: the lane's endpoint as it is now, and the next of its held deliveries. That the first one returns anything is the drain's lease: it was
// the owner when it asked.

import { idOf, uuidOf } from '../domain/ids.ts';
import type { Batch, OnDeadLetter, Ordering, RateLimit } from '../domain/lane-settings.ts';
import { type EndpointToSend, type EndpointToSendRow, toEndpointToSend } from './endpoint-to-send.ts';
import type { Db } from './pool.ts';

export interface LaneEndpoint extends EndpointToSend {
  endpointId: string;
  tenantId: string;
  deleted: boolean;
  gateReason: string | null;
  /** Milliseconds until the endpoint wants to be asked again; 0: now. */
  peaceMs: number;
  rateLimit: RateLimit | null;
  tenantRateLimit: RateLimit | null;
  ordering: Ordering;
  /** Milliseconds since it was made ordered; null: it always was. */
  orderedForMs: number | null;
  onDeadLetter: OnDeadLetter;
  batch: Batch | null;
  coalesceMs: number | null;
  autoRecover: boolean;
  secrets: { id: string; sealed: Buffer }[];
}

/** Null: another drain owns the lane. */
export async function readLaneEndpoint(db: Db, endpointId: string, epoch: number): Promise<LaneEndpoint | null> {
  const { rows } = await db.query<EndpointRow>({
    name: 'read_lane_endpoint',
    text: `
      select p.tenant_id, p.url, p.headers, p.timeout_ms, p.max_in_flight, p.retry, p.gate, p.gate_reason, p.deleted_at is not null as deleted,
        greatest(extract(epoch from p.not_before - now()), 0)::float8 * 1000 as peace_ms, p.rate_limit, t.rate_limit as tenant_rate_limit, p.ordering,
        extract(epoch from now() - p.ordering_since)::float8 * 1000 as ordered_for_ms, p.on_dead_letter, p.batch, p.coalesce_ms, p.auto_recover,
        array(select s.id from endpoint_secrets s where s.endpoint_id = p.id and (s.valid_to is null or s.valid_to > now()) order by s.id desc) as secret_ids,
        array(select s.sealed from endpoint_secrets s where s.endpoint_id = p.id and (s.valid_to is null or s.valid_to > now()) order by s.id desc) as sealed
      from lanes l join endpoints p on p.id = l.endpoint_id join tenants t on t.id = p.tenant_id
      where l.endpoint_id = $1 and l.epoch = $2`,
    values: [uuidOf(endpointId), epoch],
  });
  const [row] = rows;
  return row ? toLaneEndpoint(endpointId, row) : null;
}

/** A delivery that waits for its lane. */
export interface HeldDelivery {
  deliveryId: string;
  eventId: string;
  /** The producer's id of the event. */
  webhookId: string;
  body: Buffer;
  round: number;
  attempts: number;
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
  /** Of an endpoint without order only what was due then: `coalesceHeld` has seen it. Null: what is due now. */
  asOf: string | null;
  /** No row of the lane is older: as `lowestHeld` said a moment ago. */
  lowest: string;
}

const mostBytes = 2 * 1024 * 1024;
// the same expression as in the index: first attempts, then retries, then replays
const urgency = 'case when d.round > 1 then 2 when d.attempts > 0 then 1 else 0 end';
const columns = 'd.id, d.event_id, d.round, d.attempts, d.lane_key, d.sequence, d.batch_id, d.next_attempt_at, d.position, d.expires_at';
const withEvents = `
  select h.id, h.event_id, h.round, h.attempts, h.lane_key, h.sequence, h.batch_id, h.position, e.external_id as webhook_id, e.body,
    extract(epoch from coalesce(h.next_attempt_at, now()) - now())::float8 * 1000 as due_in_ms,
    extract(epoch from h.expires_at - now())::float8 * 1000 as expires_in_ms
  from (
    select h.*, sum(octet_length(e.body)) over (order by h.n) as bytes from held h
    cross join lateral (select body from events where id = h.event_id offset 0) e
  ) h
  cross join lateral (select external_id, body from events where id = h.event_id offset 0) e
  where h.bytes <= ${mostBytes} or h.n = 1
  order by h.n`;

const byTime = `
  with held as materialized (
    select d.*, row_number() over (order by d.urgency, d.next_attempt_at) as n
    from unnest(array[0, 1, 2]) as c (urgency) cross join lateral (
      select ${columns}, c.urgency from deliveries d
      where d.endpoint_id = $1 and d.status = 'held' and ${urgency} = c.urgency and d.next_attempt_at <= case when $4 then 'infinity' else coalesce($6::timestamptz, now()) end and d.id >= $5
        and d.id <> all($3::uuid[]) and (d.expires_at is null or d.expires_at > now())
      order by d.next_attempt_at limit $2
    ) d
    order by d.urgency, d.next_attempt_at limit $2
  ) ${withEvents}`;

const byPosition = `
  with held as materialized (
    select d.*, row_number() over (order by d.position nulls first) as n from (
      select ${columns} from deliveries d
      where d.endpoint_id = $1 and d.status = 'held' and d.id >= $5 and d.id <> all($3::uuid[])
        and (d.lane_key is null or d.lane_key <> all($4::text[])) and (not $6 or d.lane_key is not null or d.next_attempt_at <= now())
        and (d.expires_at is null or d.expires_at > now())
      order by d.position nulls first limit $2
    ) d
  ) ${withEvents}`;

/** The next ones, in the order in which they are to be sent: at most `limit`, and about 2 MiB. */
export async function readHeld(db: Db, query: PageQuery): Promise<HeldDelivery[]> {
  const { endpointId, ordering, evenEarly, limit, except, exceptKeys, lowest, asOf } = query;
  const ordered = ordering !== 'none';
  const keylessDue = ordering === 'key' && !evenEarly;
  const { rows } = await db.query<HeldRow>({
    name: ordered ? 'read_held_by_position' : 'read_held_by_time',
    text: ordered ? byPosition : byTime,
    values: [uuidOf(endpointId), limit, except.map(uuidOf), ordered ? exceptKeys : evenEarly, uuidOf(lowest), ordered ? keylessDue : asOf],
  });
  return rows.map(toHeld);
}

/** All of one batch, in the order of their events. */
export async function readBatch(db: Db, endpointId: string, batchId: string): Promise<HeldDelivery[]> {
  const { rows } = await db.query<HeldRow>({
    name: 'read_batch',
    text: `
      with held as materialized (
        select ${columns}, row_number() over (order by d.position nulls first, d.id) as n from deliveries d
        where d.endpoint_id = $1 and d.status = 'held' and d.batch_id = $2 and (d.expires_at is null or d.expires_at > now())
      )
      select h.*, e.external_id as webhook_id, e.body, extract(epoch from h.next_attempt_at - now())::float8 * 1000 as due_in_ms,
        extract(epoch from h.expires_at - now())::float8 * 1000 as expires_in_ms
      from held h cross join lateral (select external_id, body from events where id = h.event_id offset 0) e order by h.n`,
    values: [uuidOf(endpointId), uuidOf(batchId)],
  });
  return rows.map(toHeld);
}

interface EndpointRow extends EndpointToSendRow {
  tenant_id: string;
  gate_reason: string | null;
  deleted: boolean;
  peace_ms: number | null;
  rate_limit: RateLimit | null;
  tenant_rate_limit: RateLimit | null;
  ordering: Ordering;
  ordered_for_ms: number | null;
  on_dead_letter: OnDeadLetter;
  batch: Batch | null;
  coalesce_ms: number | null;
  auto_recover: boolean;
  secret_ids: string[];
  sealed: Buffer[];
}

function toLaneEndpoint(endpointId: string, row: EndpointRow): LaneEndpoint {
  return {
    endpointId,
    tenantId: idOf('tnt', row.tenant_id),
    ...toEndpointToSend(row),
    deleted: row.deleted,
    gateReason: row.gate_reason,
    peaceMs: row.peace_ms ?? 0,
    rateLimit: row.rate_limit,
    tenantRateLimit: row.tenant_rate_limit,
    ordering: row.ordering,
    orderedForMs: row.ordered_for_ms,
    onDeadLetter: row.on_dead_letter,
    batch: row.batch,
    coalesceMs: row.coalesce_ms,
    autoRecover: row.auto_recover,
    secrets: row.secret_ids.map((id, index) => ({ id: idOf('sec', id), sealed: row.sealed[index] ?? Buffer.alloc(0) })),
  };
}

interface HeldRow {
  id: string;
  event_id: string;
  webhook_id: string;
  body: Buffer;
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
