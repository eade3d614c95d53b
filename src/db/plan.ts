// Planning: which endpoints get an event, page by page, as delivery rows.
import { deliveryId, idOf, uuidOf } from '../domain/ids.ts';
import type { Db } from './pool.ts';

export interface EventToPlan {
  eventId: string;
  tenantId: string;
  type: string;
  channels: string[];
  deliverAt: Date | null;
  expiresAt: Date | null;
  onlyEndpointId: string | null;
}

export interface PlannableEndpoint {
  endpointId: string;
  eventTypes: string[];
  channels: string[];
}

export async function readEventToPlan(db: Db, eventId: string): Promise<EventToPlan | null> {
  const { rows } = await db.query<Row>({
    name: 'read_event_to_plan',
    text: 'select id, tenant_id, type, channels, deliver_at, expires_at, only_endpoint_id from events where id = $1',
    values: [uuidOf(eventId)],
  });
  const [row] = rows;
  if (!row) return null;
  return {
    eventId,
    tenantId: idOf('tnt', row.tenant_id),
    type: row.type,
    channels: row.channels,
    deliverAt: row.deliver_at,
    expiresAt: row.expires_at,
    onlyEndpointId: row.only_endpoint_id && idOf('ep', row.only_endpoint_id),
  };
}

/** A page of the tenant's endpoints that were there when the event was accepted, by id, after `after`. */
export async function endpointsAtAcceptance(db: Db, event: EventToPlan, after: string | null, limit: number): Promise<PlannableEndpoint[]> {
  const { rows } = await db.query<{ id: string; event_types: string[]; channels: string[] }>({
    name: 'endpoints_at_acceptance',
    text: `
      select id, event_types, channels from endpoints
      where tenant_id = $1 and deleted_at is null and created_at <= (select accepted_at from events where id = $2) and id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
        and ($4::uuid is null or id = $4)
      order by id limit $5`,
    values: [
      uuidOf(event.tenantId),
      uuidOf(event.eventId),
      after && uuidOf(after),
      event.onlyEndpointId && uuidOf(event.onlyEndpointId),
      limit,
    ],
  });
  return rows.map((row) => ({ endpointId: idOf('ep', row.id), eventTypes: row.event_types, channels: row.channels }));
}

/**
 * Inserts the deliveries of one event that are missing, due at once or at the event's `deliverAt`. Harmless to repeat. False: the dispatch is gone, its
 * events are in the outbox again, and nothing was inserted. The lock keeps the dispatch from being taken back in between.
 */
export async function insertDeliveries(db: Db, dispatchId: string, event: EventToPlan, endpointIds: string[]): Promise<boolean> {
  const deliveries = endpointIds.map((endpointId) => ({ id: uuidOf(deliveryId(event.eventId, endpointId)), endpoint: uuidOf(endpointId) }));
  const { rowCount } = await db.query({
    name: 'insert_deliveries',
    text: `
      with guard as (
        select id from dispatches where id = $8 for share
      ), made as (
        insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, next_attempt_at, expires_at)
        select d.id, $3, d.endpoint_id, $4, $5, 'pending', coalesce($6::timestamptz, now()), $7
        from unnest($1::uuid[], $2::uuid[]) as d (id, endpoint_id) cross join guard
        order by d.id
        on conflict do nothing
      )
      select from guard`,
    values: [
      deliveries.map((row) => row.id),
      deliveries.map((row) => row.endpoint),
      uuidOf(event.eventId),
      uuidOf(event.tenantId),
      event.type,
      event.deliverAt,
      event.expiresAt,
      uuidOf(dispatchId),
    ],
  });
  return rowCount === 1;
}

interface Row {
  tenant_id: string;
  type: string;
  channels: string[];
  deliver_at: Date | null;
  expires_at: Date | null;
  only_endpoint_id: string | null;
}
