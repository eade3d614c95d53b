// Reads events for people: lists, and one event with its body.

import type { EventSummary } from '#domain/events/event';
import { idOf, uuidOf } from '#domain/ids';
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
  recalled_at: Date | null;
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
      select id, external_id, type, channels, ordering_key, coalesce_key, version, body_timestamp, deliver_at, expires_at, only_endpoint_id, accepted_at, erased_at, recalled_at
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
        e.accepted_at, e.erased_at, e.recalled_at, e.body
      from event_ids i join events e on e.id = i.event_id
      where i.tenant_id = $1 and i.external_id = $2`,
    values: [uuidOf(tenant.tenantId), externalId],
  });
  const [row] = rows;
  return row ? { eventId: idOf('evt', row.id), summary: toSummary(tenant.key, row), body: row.body } : null;
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
    recalledAt: row.recalled_at?.toISOString() ?? null,
  };
}
