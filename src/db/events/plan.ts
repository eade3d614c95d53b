// Planning of an event: reads the endpoints that may get it, page by page, and inserts its
// deliveries.
import { asksForContent, judge, type Subscription } from '#domain/events/subscription';
import { filterOf } from '#domain/filters/filter';
import { deliveryId, deliveryRange, idOf, uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';
import { type Opening, readContents } from './read-content.ts';

export interface EventToPlan {
  eventId: string;
  tenantId: string;
  type: string;
  channels: string[];
  deliverAt: Date | null;
  expiresAt: Date | null;
  onlyEndpointId: string | null;
}

export interface PlannableEndpoint extends Subscription {
  endpointId: string;
}

export async function readEventToPlan(db: Db, eventId: string): Promise<EventToPlan | null> {
  const { rows } = await db.query<Row>({
    text: 'select id, tenant_id, type, channels, deliver_at, least(expires_at, erased_at) as expires_at, only_endpoint_id from events where id = $1',
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

/** A page of the tenant's endpoints that existed when the event was accepted, in the order of ids, after `after`. */
export async function endpointsAtAcceptance(db: Db, event: EventToPlan, after: string | null, limit: number): Promise<PlannableEndpoint[]> {
  const { rows } = await db.query<{ id: string; event_types: string[]; channels: string[]; filter: string | null }>({
    name: 'endpoints_at_acceptance',
    text: `
      select id, event_types, channels, filter from endpoints
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
  return rows.map((row) => ({
    endpointId: idOf('ep', row.id),
    eventTypes: row.event_types,
    channels: row.channels,
    filter: filterOf(row.filter),
  }));
}

/** Those of these endpoints that get the event: it is for them alone, or they subscribe to it. */
export async function wantedBy(db: Db, contents: Opening, event: EventToPlan, endpoints: PlannableEndpoint[]): Promise<string[]> {
  const asks = endpoints.some((endpoint) => asksForContent(endpoint, event));
  const content = asks ? ((await readContents(db, contents, [event.eventId])).get(event.eventId) ?? 'erased') : null;
  return endpoints
    .filter((endpoint) => event.onlyEndpointId === endpoint.endpointId || judge(endpoint, { ...event, content }) === 'wanted')
    .map(({ endpointId }) => endpointId);
}

/**
 * Inserts the missing deliveries of an event, due at once or at the event's `deliverAt`. Deliveries that are due are
 * inserted as held if their endpoint parks, as in `parkNew`; those of a recalled event as cancelled. Safe to repeat.
 * Returns the endpoints with held deliveries of the event, new or earlier: their lanes have to be woken.
 *
 * Null: the dispatch is gone, its events are in the outbox again, and nothing was inserted. The lock keeps the dispatch
 * from being taken back meanwhile.
 */
export async function insertDeliveries(db: Db, dispatchId: string, event: EventToPlan, endpointIds: string[]): Promise<string[] | null> {
  const { from, to } = deliveryRange(event.eventId);
  const { rows } = await db.query<{ held: string[] }>({
    // not prepared by name, so that the ids select the partitions
    text: insertText,
    values: [
      endpointIds.map((endpointId) => uuidOf(deliveryId(event.eventId, endpointId))),
      endpointIds.map(uuidOf),
      uuidOf(event.eventId),
      uuidOf(event.tenantId),
      event.type,
      event.deliverAt,
      event.expiresAt,
      uuidOf(dispatchId),
      from,
      to,
    ],
  });
  return rows[0]?.held.map((id) => idOf('ep', id)) ?? null;
}

const insertText = `
  with guard as (
    select id from dispatches where id = $8 for share
  ), missing as (
    select i.id, i.endpoint_id, parks(p) and coalesce($6::timestamptz <= now(), true) and e.recalled_at is null as parks, e.recalled_at is not null as recalled, p.ordering, p.coalesce_ms, p.shape_id
    from unnest($1::uuid[], $2::uuid[]) as i (id, endpoint_id) join endpoints p on p.id = i.endpoint_id and p.deleted_at is null cross join guard
      cross join (select recalled_at from events where id = $3) e
  ), made as (
    insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, expires_at, status, next_attempt_at, position, lane_key, coalesce_key, own_workflow, shape_id)
    select m.id, $3, m.endpoint_id, $4, $5, $7, case when m.recalled then 'cancelled' when m.parks then 'held' else 'pending' end,
      case when m.recalled then null when not m.parks then coalesce($6, now())
        else now() + case when e.coalesce_key is null then interval '0' else coalesce(m.coalesce_ms, 0) * interval '1 millisecond' end end,
      -- a test event has no position in an order
      case when m.parks and e.only_endpoint_id is null then case when $6 is null then e.position else nextval('event_position') end end,
      case when m.parks and m.ordering = 'key' then e.ordering_key end,
      case when m.parks and m.coalesce_ms is not null then e.coalesce_key end, not m.parks and not m.recalled, m.shape_id
    from missing m cross join (select position, ordering_key, coalesce_key, only_endpoint_id from events where id = $3) e
    order by m.id
    on conflict do nothing
  )
  select array(
    select m.endpoint_id from missing m
    where m.parks or exists (select from deliveries d where d.id = m.id and d.status = 'held' and d.id between $9 and $10)
  ) as held from guard`;

interface Row {
  tenant_id: string;
  type: string;
  channels: string[];
  deliver_at: Date | null;
  expires_at: Date | null;
  only_endpoint_id: string | null;
}
