// Deliveries and attempts as they are read by people: lists, one delivery, its attempts. Every query is bounded by the ids it may find.
//
// Filters are parameters that may be null. The lists are not prepared by name: PostgreSQL then plans each with its own values, in which
// an absent filter folds away and the bounds pick the partitions.
import type { DeliveryStatus } from '../domain/delivery.ts';
import type { AttemptView, DeliveryView } from '../domain/delivery-view.ts';
import { idOf, uuidOf } from '../domain/ids.ts';
import { outcome } from '../domain/outcome.ts';
import type { Db } from './pool.ts';

/** A delivery as the store knows it, without its address in Temporal. */
export type DeliveryRecord = Omit<DeliveryView, 'workflowId' | 'temporalUrl'> & {
  /** It has or had a workflow of its own. */
  ownWorkflow: boolean;
  /** Otherwise the dispatch that covers its event; null: none yet, or forgotten since. */
  dispatchId: string | null;
};

// a dispatch is made shortly after its events: it is among the first whose ids are not older than theirs
const workflowColumns = `d.own_workflow, case when not d.own_workflow then (
    select p.id from (
      select id, event_ids from dispatches where id >= (left(d.event_id::text, 13) || '-0000-0000-000000000000')::uuid order by id limit 1000
    ) p where p.event_ids @> array[d.event_id] limit 1) end as dispatch_id`;

export interface DeliveryFilter {
  tenantId: string | null;
  endpointId: string | null;
  statuses: DeliveryStatus[] | null;
  type: string | null;
  /** UUIDs: from this one on, and up to below that one. */
  from: string;
  below: string;
}

interface DeliveryRow {
  id: string;
  event: string | null;
  event_id: string;
  event_type: string;
  tenant: string;
  endpoint_id: string;
  status: DeliveryStatus;
  round: number;
  attempts: number;
  next_attempt_at: Date | null;
  last_outcome: string | null;
  last_message: string | null;
  faults: number;
  created_at: Date;
  updated_at: Date;
  own_workflow: boolean;
  dispatch_id: string | null;
}

/** Newest first. */
export async function listDeliveries(db: Db, filter: DeliveryFilter, limit: number): Promise<DeliveryRecord[]> {
  const { rows } = await db.query<DeliveryRow>({
    text: `
      select d.id, e.external_id as event, d.event_id, d.event_type, t.external_id as tenant, d.endpoint_id, d.status, d.round, d.attempts,
        d.next_attempt_at, d.last_outcome, d.last_message, d.faults, d.created_at, d.updated_at, ${workflowColumns}
      from (
        select * from deliveries
        where id >= $1::uuid and id < $2::uuid
          and ($3::uuid is null or tenant_id = $3) and ($4::uuid is null or endpoint_id = $4)
          and ($5::text[] is null or status = any($5)) and ($6::text is null or event_type = $6)
        order by id desc limit $7
      ) d
      join tenants t on t.id = d.tenant_id
      left join events e on e.id = d.event_id
      order by d.id desc`,
    values: [
      filter.from,
      filter.below,
      filter.tenantId && uuidOf(filter.tenantId),
      filter.endpointId && uuidOf(filter.endpointId),
      filter.statuses,
      filter.type,
      limit,
    ],
  });
  return rows.map(toRecord);
}

export async function readDelivery(db: Db, deliveryId: string): Promise<DeliveryRecord | null> {
  const { rows } = await db.query<DeliveryRow>({
    name: 'read_delivery',
    text: `
      select d.id, e.external_id as event, d.event_id, d.event_type, t.external_id as tenant, d.endpoint_id, d.status, d.round, d.attempts,
        d.next_attempt_at, d.last_outcome, d.last_message, d.faults, d.created_at, d.updated_at, ${workflowColumns}
      from deliveries d join tenants t on t.id = d.tenant_id left join events e on e.id = d.event_id
      where d.id = $1`,
    values: [uuidOf(deliveryId)],
  });
  return rows[0] ? toRecord(rows[0]) : null;
}

/** In the order of their ids. `range`: domain/ids.ts `deliveryRange`. */
export async function deliveriesOfEvent(
  db: Db,
  eventId: string,
  range: { from: string; to: string },
  limit: number,
): Promise<DeliveryRecord[]> {
  const { rows } = await db.query<DeliveryRow>({
    name: 'deliveries_of_event',
    text: `
      select d.id, e.external_id as event, d.event_id, d.event_type, t.external_id as tenant, d.endpoint_id, d.status, d.round, d.attempts,
        d.next_attempt_at, d.last_outcome, d.last_message, d.faults, d.created_at, d.updated_at, ${workflowColumns}
      from deliveries d join tenants t on t.id = d.tenant_id join events e on e.id = $1
      where d.id between $2 and $3 and d.event_id = $1
      order by d.id limit $4`,
    values: [uuidOf(eventId), range.from, range.to, limit],
  });
  return rows.map(toRecord);
}

interface AttemptRow {
  id: string;
  round: number;
  number: number;
  started_at: Date;
  outcome: string;
  message: string;
  status_code: number | null;
  response_headers: Buffer | null;
  response_body: Buffer | null;
  response_truncated: boolean;
  address: string | null;
  dns_ms: number | null;
  connect_ms: number | null;
  tls_ms: number | null;
  first_byte_ms: number | null;
  total_ms: number;
}

/** Newest first, those before the attempt `before`. */
export async function listAttempts(db: Db, deliveryId: string, before: string | null, limit: number): Promise<AttemptView[]> {
  const { rows } = await db.query<AttemptRow>({
    name: 'list_attempts',
    text: `
      select id, round, number, started_at, outcome, message, status_code, response_headers, response_body, response_truncated, address,
        dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms
      from attempts
      where delivery_id = $1 and id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by id desc limit $3`,
    values: [uuidOf(deliveryId), before && uuidOf(before), limit],
  });
  return rows.map((row) => toAttempt(deliveryId, row));
}

function toRecord(row: DeliveryRow): DeliveryRecord {
  return {
    id: idOf('dlv', row.id),
    event: row.event ?? idOf('evt', row.event_id),
    eventType: row.event_type,
    tenant: row.tenant,
    endpoint: idOf('ep', row.endpoint_id),
    status: row.status,
    round: row.round,
    attempts: row.attempts,
    nextAttemptAt: row.next_attempt_at?.toISOString() ?? null,
    lastOutcome: row.last_outcome,
    lastMessage: row.last_message,
    faults: row.faults,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    ownWorkflow: row.own_workflow,
    dispatchId: row.dispatch_id && idOf('dsp', row.dispatch_id),
  };
}

function toAttempt(deliveryId: string, row: AttemptRow): AttemptView {
  return {
    id: idOf('att', row.id),
    delivery: deliveryId,
    round: row.round,
    number: row.number,
    startedAt: row.started_at.toISOString(),
    outcome: outcome.parse(row.outcome),
    message: row.message,
    status: row.status_code,
    headers: row.response_headers ? (JSON.parse(row.response_headers.toString()) as [string, string][]) : [],
    body: row.response_body?.toString() ?? null,
    bodyTruncated: row.response_truncated,
    address: row.address,
    timings: { dnsMs: row.dns_ms, connectMs: row.connect_ms, tlsMs: row.tls_ms, firstByteMs: row.first_byte_ms, totalMs: row.total_ms },
  };
}
