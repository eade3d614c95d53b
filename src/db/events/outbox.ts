// The outbox: accepted events that no dispatch guards yet, each owned by one relay or by none.
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import type { TraceContext } from '#domain/events/trace-context';
import { deliveryRanges, idOf, uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

/** An event owned by a relay, with everything its first attempts need. */
export interface OwnedEvent {
  eventId: string;
  tenantId: string;
  /** The tenant's external id. */
  tenant: string;
  eventType: string;
  /** The producer's event id. */
  externalId: string;
  channels: string[];
  /** Encrypted, unless this process has just accepted it. */
  body: Uint8Array;
  /** The version of the event type that the event names. */
  version: number | null;
  expiresAt: Date | null;
  /** Scheduled, or for one endpoint only: its dispatch plans it. */
  special: boolean;
  /** Microseconds of the database's clock. */
  acceptedAtUs: number;
  /** Version of its tenant's endpoints when this was read. */
  endpointsVersion: number;
  /** The relay that owned it before may have made some of its first attempts. */
  mayBeBegun: boolean;
  /** When this process accepted it, in ms of its monotonic clock; null: another process did. */
  acceptedHereMs: number | null;
  trace: TraceContext | null;
  /** Endpoints for which its deliveries are held already; their lanes may not be awake yet. */
  held?: ReadonlySet<string>;
}

/** Lower than every id. */
const noUuid = '00000000-0000-0000-0000-000000000000';

const columns = `event_id, o.tenant_id, t.external_id as tenant, t.endpoints_version, e.type, e.external_id, e.channels, e.body, e.version, e.trace_context, least(e.expires_at, e.erased_at, e.recalled_at) as expires_at,
  e.deliver_at is not null or e.only_endpoint_id is not null as special, (extract(epoch from e.accepted_at) * 1000000)::bigint as accepted_at_us`;

export interface OutboxTake {
  /** Tenants to skip. */
  except: string[];
  /** Starts after this tenant, in the order of ids; null: with the first. */
  afterTenant: string | null;
  /** Maximum number of rows, also of one tenant. */
  limit: number;
}

/**
 * Takes rows without an owner for this relay, tenant by tenant in the order of ids, the oldest rows of a tenant first.
 * Two relays never get the same row. A skipped tenant costs one index lookup, however many rows it has.
 */
export async function takeOutboxRows(db: Db, relayId: string, { except, afterTenant, limit }: OutboxTake): Promise<OwnedEvent[]> {
  const { rows } = await db.query<{ event_id: string }>({
    // not prepared: a plan made while the outbox was empty would read all of it when it is full
    text: `
      with recursive waiting as (
        (select tenant_id from outbox where owner is null and tenant_id > $2 order by tenant_id limit 1)
        union all
        select (select o.tenant_id from outbox o where o.owner is null and o.tenant_id > t.tenant_id order by o.tenant_id limit 1)
        from waiting t where t.tenant_id is not null
      ), found as (
        select f.event_id
        from waiting t cross join lateral (
          select event_id from outbox where owner is null and tenant_id = t.tenant_id order by event_id limit $4 for update skip locked
        ) f
        where t.tenant_id <> all($3::uuid[]) limit $4
      ), taken as (
        update outbox set owner = $1 where event_id = any(array(select event_id from found)) returning event_id
      )
      select event_id from taken`,
    values: [uuidOf(relayId), afterTenant === null ? noUuid : uuidOf(afterTenant), except.map(uuidOf), limit],
  });
  const taken = rows.map((row) => idOf('evt', row.event_id));
  // apart, so that the ids of the events select their partitions; if this fails, the relay finds the rows as its own
  const events = taken.length === 0 ? [] : await readOwned(db, relayId, taken);
  return events.toSorted((a, b) => (a.tenantId < b.tenantId ? -1 : Number(a.tenantId > b.tenantId)));
}

export interface OutboxRow {
  eventId: string;
  tenantId: string;
}

/** Rows that this relay owns already, after `after`, oldest first, without those of the tenants `except`. */
export async function ownOutboxRows(db: Db, relayId: string, after: string | null, except: string[], limit: number): Promise<OutboxRow[]> {
  const { rows } = await db.query<{ event_id: string; tenant_id: string }>({
    text: `
      select event_id, tenant_id from outbox
      where owner = $1 and event_id > $2 and tenant_id <> all($3::uuid[])
      order by event_id limit $4`,
    values: [uuidOf(relayId), after === null ? noUuid : uuidOf(after), except.map(uuidOf), limit],
  });
  return rows.map((row) => ({ eventId: idOf('evt', row.event_id), tenantId: idOf('tnt', row.tenant_id) }));
}

/** Those of these events that this relay owns, oldest first. */
export async function readOwned(db: Db, relayId: string, eventIds: string[]): Promise<OwnedEvent[]> {
  const { rows } = await db.query<Row>({
    text: `
      select ${columns}
      from outbox o join events e on e.id = o.event_id join tenants t on t.id = o.tenant_id
      where o.event_id = any($2::uuid[]) and e.id = any($2::uuid[]) and owner = $1
      order by event_id`,
    values: [uuidOf(relayId), eventIds.map(uuidOf)],
  });
  return rows.map(toOwnedEvent);
}

/** The deliveries that each of these events has already, by endpoint; in the order of the events. */
export async function existingDeliveries(db: Db, eventIds: string[]): Promise<Map<string, DeliveryStatus>[]> {
  const { lowest, highest, from, to } = deliveryRanges(eventIds);
  const { rows } = await db.query<{ event_id: string; endpoint_id: string; status: DeliveryStatus }>({
    // not prepared by name, so that the bounds of all ranges select the partitions, before each event finds its rows
    text: `
      select d.event_id, d.endpoint_id, d.status
      from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as r (lowest, highest, event_id)
      cross join lateral (
        select event_id, endpoint_id, status from deliveries
        where id between r.lowest and r.highest and event_id = r.event_id and id between $4 and $5
      ) d`,
    values: [lowest, highest, eventIds.map(uuidOf), from, to],
  });
  const found = new Map(eventIds.map((eventId) => [eventId, new Map<string, DeliveryStatus>()]));
  for (const row of rows) found.get(idOf('evt', row.event_id))?.set(idOf('ep', row.endpoint_id), row.status);
  return eventIds.map((eventId) => found.get(eventId) ?? new Map());
}

/**
 * Those of these events that are not planned yet, as far as is known, with the time of acceptance in microseconds of
 * the database's clock.
 */
export async function unplannedEvents(db: Db, eventIds: string[]): Promise<Map<string, number>> {
  const { rows } = await db.query<{ id: string; accepted_at_us: number }>({
    name: 'unplanned_events',
    text: `
      select e.id, (extract(epoch from e.accepted_at) * 1000000)::bigint as accepted_at_us
      from unnest($1::uuid[]) as i (id) cross join lateral (select id, accepted_at from events where id = i.id offset 0) e
      where exists (select from outbox o where o.event_id = i.id)
        or exists (select from dispatches d where d.done_at is null and not d.planned and i.id = any(d.event_ids))`,
    values: [eventIds.map(uuidOf)],
  });
  return new Map(rows.map((row) => [idOf('evt', row.id), row.accepted_at_us]));
}

interface Row {
  event_id: string;
  tenant_id: string;
  tenant: string;
  endpoints_version: number;
  type: string;
  external_id: string;
  channels: string[];
  body: Buffer;
  version: number | null;
  trace_context: string | null;
  expires_at: Date | null;
  special: boolean;
  accepted_at_us: number;
}

function toOwnedEvent(row: Row): OwnedEvent {
  return {
    eventId: idOf('evt', row.event_id),
    tenantId: idOf('tnt', row.tenant_id),
    tenant: row.tenant,
    eventType: row.type,
    externalId: row.external_id,
    channels: row.channels,
    body: row.body,
    version: row.version,
    expiresAt: row.expires_at,
    special: row.special,
    acceptedAtUs: row.accepted_at_us,
    endpointsVersion: row.endpoints_version,
    mayBeBegun: true,
    acceptedHereMs: null,
    trace: row.trace_context,
  };
}
