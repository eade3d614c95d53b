// Reads events for people: lists, and one event with its body.

import type { EventSummary } from '#domain/events/event';
import { firstIdAt, firstUuidAt, idOf, unixMsOf, uuidOf } from '#domain/ids';
import type { Listed } from '../access/tenants.ts';
import type { Db } from '../store/pool.ts';
import { type Span, searchBack } from '../store/search-back.ts';

interface EventRow {
  id: string;
  tenant: string;
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

export interface EventFilter {
  /** Null: of all tenants. */
  tenantId: string | null;
  type: string | null;
  /** UUIDs: from `from` on, and below `below`. */
  from: string;
  below: string;
}

export interface EventPage {
  /** Fewer than asked for: there are no more, unless `goesOn` is set. */
  events: Listed<EventSummary>[];
  /** The id below which the next page begins, if the search ended with rows left to look at. */
  goesOn: string | null;
}

/** A filter by type is applied to so many events, before the index is asked which blocks hold the type at all. */
const rowsAtFirst = 2_000;
/** No statement begins later in the search of a page. */
const searchMs = 100;
const dayMs = 24 * 3_600_000;

/** Events, newest first. */
export async function listEvents(db: Db, filter: EventFilter, limit: number): Promise<EventPage> {
  const deadline = performance.now() + searchMs;
  // the partitions of future days are empty
  const tomorrow = firstUuidAt(Date.now() + dayMs);
  const within = { ...filter, below: [filter.below, tomorrow].toSorted()[0] ?? tomorrow };
  const begun = await scan(db, within, limit);
  if (begun.goesOn === null) return { events: begun.rows.map(toListed), goesOn: null };
  const missing = limit - begun.rows.length;
  const { ids, goesOn } = await searchBack(
    (span, most) => findByType(db, filter, span, most),
    { from: within.from, below: begun.goesOn },
    missing,
    deadline,
  );
  const found = await readByIds(db, ids);
  return { events: [...begun.rows, ...found].map(toListed), goesOn: goesOn && firstIdAt('evt', unixMsOf(goesOn)) };
}

const columns = `e.id, t.external_id as tenant, e.external_id, e.type, e.channels, e.ordering_key, e.coalesce_key, e.version, e.body_timestamp,
  e.deliver_at, e.expires_at, e.only_endpoint_id, e.accepted_at, e.erased_at, e.recalled_at`;

/** Not prepared by name: planned with its values, a filter that is null costs nothing, and the bounds select the partitions. */
async function scan(
  db: Db,
  { tenantId, type, from, below }: EventFilter,
  limit: number,
): Promise<{ rows: EventRow[]; goesOn: string | null }> {
  const { rows } = await db.query<EventRow & { goes_on: string | null }>({
    text: `
      with scanned as materialized (
        select id, type from events where id >= $1::uuid and id < $2::uuid and ($3::uuid is null or tenant_id = $3) order by id desc limit $5
      ), page as (
        select id from scanned where ($4::text is null or type = $4) order by id desc limit $6
      )
      select ${columns}, s.goes_on
      from (
        select case when $4::text is not null and (select count(*) from page) < $6 then (select id from scanned order by id desc offset $5 - 1 limit 1) end as goes_on
      ) s
      left join (page join events e using (id) join tenants t on t.id = e.tenant_id) on true
      order by e.id desc`,
    values: [from, below, tenantId && uuidOf(tenantId), type, type === null ? limit : Math.max(rowsAtFirst, limit), limit],
  });
  const goesOn = rows[0]?.goes_on ?? null;
  return { rows: rows.filter(({ id }) => id !== null), goesOn: goesOn && uuidOf(idOf('evt', goesOn)) };
}

async function findByType(db: Db, { type, tenantId }: EventFilter, { from, below }: Span, most: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'events_of_type',
    text: 'select id from events_of_type($1, $2, $3, $4, $5) as id',
    values: [type, tenantId && uuidOf(tenantId), from, below, most],
  });
  return rows.map(({ id }) => id);
}

async function readByIds(db: Db, ids: string[]): Promise<EventRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await db.query<EventRow>({
    text: `
      select ${columns} from events e join tenants t on t.id = e.tenant_id
      where e.id = any($1) and e.id between $2::uuid and $3::uuid order by e.id desc`,
    values: [ids, ids.at(-1), ids[0]],
  });
  return rows;
}

/** By the producer's id. Null: no such event. */
export async function readEventId(db: Db, tenantId: string, externalId: string): Promise<string | null> {
  const { rows } = await db.query<{ event_id: string }>({
    name: 'read_event_id',
    text: 'select event_id from event_ids where tenant_id = $1 and external_id = $2',
    values: [uuidOf(tenantId), externalId],
  });
  return rows[0] ? idOf('evt', rows[0].event_id) : null;
}

export interface StoredEvent {
  eventId: string;
  summary: EventSummary;
  /** The standard body, encrypted, which contains the producer's `data`; empty after an erasure. */
  body: Buffer;
}

/** By the producer's event id. Null: no such event, or it is past its retention. */
export async function readEvent(db: Db, { tenantId }: Pick<TenantOfList, 'tenantId'>, externalId: string): Promise<StoredEvent | null> {
  const { rows } = await db.query<EventRow & { body: Buffer }>({
    name: 'read_event',
    text: `
      select ${columns}, e.body
      from event_ids i join events e on e.id = i.event_id join tenants t on t.id = e.tenant_id
      where i.tenant_id = $1 and i.external_id = $2`,
    values: [uuidOf(tenantId), externalId],
  });
  const [row] = rows;
  return row ? { eventId: idOf('evt', row.id), summary: toSummary(row), body: row.body } : null;
}

function toListed(row: EventRow): Listed<EventSummary> {
  return { id: idOf('evt', row.id), item: toSummary(row) };
}

function toSummary(row: EventRow): EventSummary {
  return {
    id: row.external_id,
    tenant: row.tenant,
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
