// Accepting events: id, event and outbox row in one statement, many requests in one commit.
//
// What if the same event comes twice? (tenant, external id) is unique: the later one claims nothing and is a duplicate, or a conflict when its
// content differs - also when both stand in one statement, or when both transactions run at once (the later waits for the earlier's commit).
import { idOf, uuidOf } from '../domain/ids.ts';
import type { Db } from './pool.ts';

export interface EventToAccept {
  eventId: string;
  externalId: string;
  type: string;
  channels: string[];
  body: Uint8Array;
  bodyTimestamp: string;
  contentHash: Uint8Array;
  orderingKey: string | null;
  coalesceKey: string | null;
  version: number | null;
  deliverAt: string | null;
  expiresAt: string | null;
  /** Only to this endpoint, whatever it subscribes to: a test. */
  onlyEndpointId: string | null;
}

/** `id`: the internal id of the event that is stored now, which for a duplicate or a conflict is the earlier one. */
export interface Acceptance {
  kind: 'accepted' | 'duplicate' | 'conflict';
  id: string;
}

/** The events of one call, for one tenant (its external id). They are stored all or not at all. */
export interface AcceptRequest {
  tenant: string;
  events: EventToAccept[];
}

export interface Accepted {
  /** Null: no such tenant, nothing stored. */
  tenantId: string | null;
  acceptances: Acceptance[];
  /** The version of the tenant's endpoints at this commit, and when it was, in microseconds of the database's clock. */
  endpointsVersion: number;
  acceptedAtUs: number;
  /** Some endpoint of the tenant is ordered. */
  orders: boolean;
}

interface Row {
  n: number;
  event_id: string;
  tenant_id: string;
  endpoints_version: number;
  accepted_at_us: number;
  orders: boolean;
  claimed: boolean;
}

/** Stores the events of all requests and gives their outbox rows to `relayId` (null: to any relay, which is told). Results in request order. */
export async function acceptEvents(db: Db, requests: AcceptRequest[], relayId: string | null): Promise<Accepted[]> {
  const events = requests.flatMap((request) => request.events.map((event) => ({ tenant: request.tenant, ...event })));
  const { rows } = await db.query<Row>({
    name: 'accept_events',
    text: `
      with incoming as (
        select i.*, t.id as tenant_id, t.endpoints_version, t.orders
        from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[], $8::bytea[], $9::text[], $10::int[],
            $11::timestamptz[], $12::timestamptz[], $13::uuid[], $15::text[])
          with ordinality as i (tenant, event_id, external_id, type, channels, body, body_timestamp, content_hash, ordering_key, version,
            deliver_at, expires_at, only_endpoint_id, coalesce_key, n)
        join tenants t on t.external_id = i.tenant and t.deleted_at is null
      ), claimed as (
        insert into event_ids (tenant_id, external_id, event_id, content_hash)
        select tenant_id, external_id, event_id, content_hash from incoming order by tenant_id, external_id, n
        on conflict do nothing
        returning event_id
      ), stored as (
        insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, ordering_key, version, deliver_at, expires_at,
          only_endpoint_id, coalesce_key, accepted_at, position)
        select event_id, tenant_id, external_id, type, string_to_array(channels, ','), body, body_timestamp, ordering_key, version, deliver_at,
          expires_at, only_endpoint_id, coalesce_key, now(), nextval('event_position')
        from (select i.* from incoming i join claimed using (event_id) order by n) as ordered
        returning id, tenant_id
      ), queued as (
        insert into outbox (event_id, tenant_id, owner) select id, tenant_id, $14 from stored returning event_id
      )
      select n::int, i.event_id, tenant_id, endpoints_version, (extract(epoch from now()) * 1000000)::bigint as accepted_at_us, orders, c.event_id is not null as claimed,
        case when $14::uuid is null and n = 1 then pg_notify('posthorn_outbox', '') end
      from incoming i left join claimed c on c.event_id = i.event_id
      order by n`,
    values: [
      events.map((event) => event.tenant),
      events.map((event) => uuidOf(event.eventId)),
      events.map((event) => event.externalId),
      events.map((event) => event.type),
      events.map((event) => event.channels.join(',')),
      events.map((event) => event.body),
      events.map((event) => event.bodyTimestamp),
      events.map((event) => event.contentHash),
      events.map((event) => event.orderingKey),
      events.map((event) => event.version),
      events.map((event) => event.deliverAt),
      events.map((event) => event.expiresAt),
      events.map((event) => event.onlyEndpointId && uuidOf(event.onlyEndpointId)),
      relayId && uuidOf(relayId),
      events.map((event) => event.coalesceKey),
    ],
  });
  const byNumber = new Map(rows.map((row) => [row.n, row]));
  const results: Accepted[] = [];
  let n = 0;
  for (const request of requests) {
    const found = request.events.map((event) => ({ event, row: byNumber.get(++n) }));
    results.push(await outcomeOf(db, found));
  }
  return results;
}

async function outcomeOf(db: Db, found: { event: EventToAccept; row: Row | undefined }[]): Promise<Accepted> {
  const first = found[0]?.row;
  if (!first) return { tenantId: null, acceptances: [], endpointsVersion: 0, acceptedAtUs: 0, orders: false };
  const tenant = first.tenant_id;
  const known = found.filter(({ row }) => row?.claimed === false).map(({ event }) => event.externalId);
  const earlier = known.length === 0 ? new Map<string, Earlier>() : await readEarlier(db, tenant, known);
  return {
    tenantId: idOf('tnt', tenant),
    endpointsVersion: first.endpoints_version,
    acceptedAtUs: first.accepted_at_us,
    orders: first.orders,
    acceptances: found.map(({ event, row }) =>
      row?.claimed ? { kind: 'accepted', id: event.eventId } : compare(event, earlier.get(event.externalId)),
    ),
  };
}

interface Earlier {
  eventId: string;
  contentHash: Buffer;
}

function compare(event: EventToAccept, earlier: Earlier | undefined): Acceptance {
  if (!earlier) return { kind: 'conflict', id: event.eventId };
  // this very call, run again after a crash between its commit and its answer
  if (earlier.eventId === event.eventId) return { kind: 'accepted', id: event.eventId };
  return { kind: earlier.contentHash.equals(event.contentHash) ? 'duplicate' : 'conflict', id: earlier.eventId };
}

async function readEarlier(db: Db, tenantUuid: string, externalIds: string[]): Promise<Map<string, Earlier>> {
  const { rows } = await db.query<{ external_id: string; event_id: string; content_hash: Buffer }>({
    name: 'read_event_ids',
    text: 'select external_id, event_id, content_hash from event_ids where tenant_id = $1 and external_id = any($2)',
    values: [tenantUuid, externalIds],
  });
  return new Map(rows.map((row) => [row.external_id, { eventId: idOf('evt', row.event_id), contentHash: row.content_hash }]));
}
