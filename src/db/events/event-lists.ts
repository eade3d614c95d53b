// Reads events for people: lists, one event with its body, and why each endpoint got it or not.

import type { EventSummary } from '#domain/events/event';
import { judge } from '#domain/events/subscription';
import { deliveryId, idOf, uuidOf } from '#domain/ids';
import type { EndpointVerdict } from '#domain/views/delivery-view';
import type { Listed } from '../access/tenants.ts';
import type { Db } from '../store/pool.ts';

interface EventRow {
  id: string;
  external_id: string;
  type: string;
  channels: string[];
  ordering_key: string | null;
  coalesce_key: string | null;
  version: number | null;
  body_timestamp: string;
  deliver_at: Date | null;
  expires_at: Date | null;
  only_endpoint_id: string | null;
  accepted_at: Date;
  erased_at: Date | null;
}

/** The tenant of a list: its internal id, and the key that is shown. */
export interface TenantOfList {
  tenantId: string;
  key: string;
}

/** Events from the UUID `from` on and below the UUID `below`, newest first. */
export async function listEvents(
  db: Db,
  tenant: TenantOfList,
  bounds: { from: string; below: string },
  limit: number,
): Promise<Listed<EventSummary>[]> {
  const { rows } = await db.query<EventRow>({
    text: `
      select id, external_id, type, channels, ordering_key, coalesce_key, version, body_timestamp, deliver_at, expires_at, only_endpoint_id, accepted_at, erased_at
      from events
      where tenant_id = $1 and id >= $2::uuid and id < $3::uuid
      order by id desc limit $4`,
    values: [uuidOf(tenant.tenantId), bounds.from, bounds.below, limit],
  });
  return rows.map((row) => ({ id: idOf('evt', row.id), item: toSummary(tenant.key, row) }));
}

export interface StoredEvent {
  eventId: string;
  summary: EventSummary;
  /** The standard body, encrypted, which contains the producer's `data`; empty after an erasure. */
  body: Buffer;
}

/** By the producer's event id. Null: no such event, or it is past its retention. */
export async function readEvent(db: Db, tenant: TenantOfList, externalId: string): Promise<StoredEvent | null> {
  const { rows } = await db.query<EventRow & { body: Buffer }>({
    name: 'read_event',
    text: `
      select e.id, e.external_id, e.type, e.channels, e.ordering_key, e.coalesce_key, e.version, e.body_timestamp, e.deliver_at, e.expires_at, e.only_endpoint_id,
        e.accepted_at, e.erased_at, e.body
      from event_ids i join events e on e.id = i.event_id
      where i.tenant_id = $1 and i.external_id = $2`,
    values: [uuidOf(tenant.tenantId), externalId],
  });
  const [row] = rows;
  return row ? { eventId: idOf('evt', row.id), summary: toSummary(tenant.key, row), body: row.body } : null;
}

interface VerdictRow {
  id: string;
  event_types: string[];
  channels: string[];
  created_later: boolean;
  deleted: boolean;
  has_delivery: boolean;
}

/** The tenant's endpoints, including deleted ones, in the order of ids, and why each of them got the event or not. */
export async function endpointVerdicts(db: Db, tenantId: string, event: StoredEvent, limit: number): Promise<EndpointVerdict[]> {
  const { rows } = await db.query<Omit<VerdictRow, 'has_delivery'>>({
    name: 'endpoint_verdicts',
    text: `
      select id, event_types, channels, created_at > (select accepted_at from events where id = $2) as created_later, deleted_at is not null as deleted
      from endpoints where tenant_id = $1 order by id limit $3`,
    values: [uuidOf(tenantId), uuidOf(event.eventId), limit],
  });
  const ids = rows.map((row) => deliveryId(event.eventId, idOf('ep', row.id)));
  const found = await db.query<{ id: string }>({
    name: 'deliveries_that_exist',
    text: 'select id from deliveries where id = any($1::uuid[])',
    values: [ids.map(uuidOf)],
  });
  const existing = new Set(found.rows.map((row) => idOf('dlv', row.id)));
  return rows.map((row, index) => {
    const delivery = ids[index] ?? '';
    return toVerdict({ ...row, has_delivery: existing.has(delivery) }, event.summary, delivery);
  });
}

function toVerdict(row: VerdictRow, event: EventSummary, delivery: string): EndpointVerdict {
  const endpoint = idOf('ep', row.id);
  if (row.has_delivery) return { endpoint, verdict: 'wanted', delivery };
  const only = event.onlyEndpoint;
  if (only !== null) return { endpoint, verdict: only === endpoint ? 'wanted' : 'meant_for_another', delivery: null };
  if (row.created_later) return { endpoint, verdict: 'created_later', delivery: null };
  return {
    endpoint,
    verdict: row.deleted ? 'deleted' : judge({ eventTypes: row.event_types, channels: row.channels }, event),
    delivery: null,
  };
}

function toSummary(tenant: string, row: EventRow): EventSummary {
  return {
    id: row.external_id,
    tenant,
    type: row.type,
    channels: row.channels,
    orderingKey: row.ordering_key,
    coalesceKey: row.coalesce_key,
    version: row.version,
    timestamp: row.body_timestamp,
    deliverAt: row.deliver_at?.toISOString() ?? null,
    expiresAt: row.expires_at?.toISOString() ?? null,
    onlyEndpoint: row.only_endpoint_id && idOf('ep', row.only_endpoint_id),
    acceptedAt: row.accepted_at.toISOString(),
    erasedAt: row.erased_at?.toISOString() ?? null,
  };
}
