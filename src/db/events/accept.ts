// Accepts events: event id, event and outbox row in one statement, many requests in one commit. An
// event id that is stored already gives a duplicate, or a conflict if the content differs.

import { idOf, uuidOf } from '#domain/ids';
import type { Hash } from '../keys/content-encryption.ts';
import type { Db } from '../store/pool.ts';
import type { Acceptance, EventToAccept } from './acceptance.ts';
import { compare, type Earlier, type EventKey, readEarlier } from './earlier-events.ts';
import { type EncryptedEvent, encryptEvents, type Sealing } from './event-encryption.ts';

/** The events of one call, for one tenant (by its external id). All of them are stored, or none. */
export interface AcceptRequest {
  tenant: string;
  /** The id that the tenant must have: its key may have gone to another tenant. Undefined: any. */
  tenantId?: string | undefined;
  events: EventToAccept[];
}

export interface Accepted {
  /** Null: no such tenant; nothing was stored. */
  tenantId: string | null;
  acceptances: Acceptance[];
  /**
   * The version of the tenant's endpoints at this commit, and the time of the commit in microseconds of the database's
   * clock.
   */
  endpointsVersion: number;
  acceptedAtUs: number;
  hasOrderedEndpoints: boolean;
}

interface Row {
  n: number;
  event_id: string;
  tenant_id: string;
  endpoints_version: number;
  accepted_at_us: number;
  has_ordered_endpoints: boolean;
  claimed: boolean;
}

interface PostedEvent extends EventToAccept {
  tenant: string;
  tenantIs: string | undefined;
}

/** Each parameter is a column of the incoming events; only $14 is one value, the owner. See `parametersOf`. */
const acceptSql = `
  with incoming as (
    select i.*, t.id as tenant_id, t.endpoints_version, t.has_ordered_endpoints
    from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[], $8::bytea[], $9::text[], $10::int[],
        $11::timestamptz[], $12::timestamptz[], $13::uuid[], $15::text[], $16::bytea[], $17::uuid[], $18::text[])
      with ordinality as i (tenant, event_id, external_id, type, channels, body, body_timestamp, content_hash, ordering_key, version,
        deliver_at, expires_at, only_endpoint_id, coalesce_key, subject_hash, tenant_is, trace_context, n)
    join tenants t on t.external_id = i.tenant and t.deleted_at is null and (i.tenant_is is null or t.id = i.tenant_is)
  ), claimed as (
    insert into event_ids (tenant_id, external_id, event_id, content_hash)
    select tenant_id, external_id, event_id, content_hash from incoming order by tenant_id, external_id, n
    on conflict do nothing
    returning event_id
  ), stored as (
    insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, ordering_key, version, deliver_at, expires_at,
      only_endpoint_id, coalesce_key, subject_hash, trace_context, accepted_at, position)
    select event_id, tenant_id, external_id, type, string_to_array(channels, ','), body, body_timestamp, ordering_key, version, deliver_at,
      expires_at, only_endpoint_id, coalesce_key, subject_hash, trace_context, now(), nextval('event_position')
    from (select i.* from incoming i join claimed using (event_id) order by n) as ordered
    returning id, tenant_id
  ), queued as (
    insert into outbox (event_id, tenant_id, owner) select id, tenant_id, $14 from stored returning event_id
  )
  select n::int, i.event_id, tenant_id, endpoints_version, (extract(epoch from now()) * 1000000)::bigint as accepted_at_us, has_ordered_endpoints,
    c.event_id is not null as claimed, case when $14::uuid is null and c.event_id is not null then pg_notify('posthorn_outbox', '') end
  from incoming i left join claimed c on c.event_id = i.event_id
  order by n`;

/**
 * Stores the events of all requests and gives their outbox rows to `relayId` (null: to any relay, with a notification).
 * Results are in the order of the requests.
 *
 * What if the same event comes twice? (tenant, external id) is unique: the later event stores nothing, and is a
 * duplicate or a conflict. The same holds if both are in one statement, or in concurrent transactions: the later one
 * waits for the commit of the earlier.
 */
export async function acceptEvents(db: Db, requests: AcceptRequest[], relayId: string | null, contents: Sealing): Promise<Accepted[]> {
  const posted = requests.flatMap((request): PostedEvent[] =>
    request.events.map((event) => ({ tenant: request.tenant, tenantIs: request.tenantId, ...event })),
  );
  const events = await encryptEvents(contents, posted);
  const { rows } = await db.query<Row>({ name: 'accept_events', text: acceptSql, values: parametersOf(events, relayId) });
  const byNumber = new Map(rows.map((row) => [row.n, row]));
  let n = 0;
  const found = requests.map(({ events }) => events.map((event): Found => ({ event, row: byNumber.get(++n) })));
  const [earlier, hash] = await Promise.all([readEarlier(db, found.flatMap(keysOfKnown)), contents.hasher()]);
  return found.map((request) => outcomeOf(request, earlier, hash));
}

/** The parameters of `acceptSql`. */
function parametersOf(events: EncryptedEvent<PostedEvent>[], relayId: string | null): unknown[] {
  return [
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
    events.map((event) => event.subjectHash),
    events.map((event) => event.tenantIs && uuidOf(event.tenantIs)),
    events.map((event) => event.trace),
  ];
}

/** `row` undefined: no such tenant. */
interface Found {
  event: EventToAccept;
  row: Row | undefined;
}

/** The keys of events that stored nothing, because another call has stored their id. */
function keysOfKnown(request: Found[]): EventKey[] {
  return request.flatMap(({ event, row }) => (row?.claimed === false ? [{ tenant: row.tenant_id, externalId: event.externalId }] : []));
}

function outcomeOf(found: Found[], earlier: (key: EventKey) => Earlier | undefined, hash: Hash): Accepted {
  const first = found[0]?.row;
  if (!first) return { tenantId: null, acceptances: [], endpointsVersion: 0, acceptedAtUs: 0, hasOrderedEndpoints: false };
  const tenant = first.tenant_id;
  return {
    tenantId: idOf('tnt', tenant),
    endpointsVersion: first.endpoints_version,
    acceptedAtUs: first.accepted_at_us,
    hasOrderedEndpoints: first.has_ordered_endpoints,
    acceptances: found.map(({ event, row }) =>
      row?.claimed ? { kind: 'accepted', id: event.eventId } : compare(hash, event, earlier({ tenant, externalId: event.externalId })),
    ),
  };
}
