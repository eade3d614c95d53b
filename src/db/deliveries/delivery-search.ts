// Finds the rows of a page of deliveries, newest first. Every statement reads a bounded number of rows, and a page ends after a
// bounded time with what it has: the next one goes on from there (docs/decisions/0007, 0058).
import { deliveryRange, firstUuidAt, idOf, unixMsOf, uuidOf } from '#domain/ids';
import { type Db, inTransaction } from '../store/pool.ts';
import { type FoundBack, searchBack } from '../store/search-back.ts';
import type { ListedRow } from './listed-delivery.ts';
import { type DeliveryFilter, wayToRare } from './rare-deliveries.ts';

/** The columns of a delivery's row. */
export interface DeliveryRow extends ListedRow {
  sequence: number | null;
  batch_id: string | null;
  faults: number;
  own_workflow: boolean;
  parked: boolean;
  hurried: boolean;
}

export interface FoundRows {
  /** Fewer than asked for: there are no more, unless `goesOn` is set. */
  rows: DeliveryRow[];
  /** The UUID below which the next page begins, if the search ended with rows left to look at. */
  goesOn: string | null;
}

interface Scanned extends FoundRows {
  /** Few of the rows that were looked at had one of the statuses. */
  isStatusRare: boolean;
}

/** A filter without an index is applied to so many rows at first, and to more in later statements for the same page. */
const rowsAtFirst = 2_000;
const rowsAtMost = 16_000;
/** No statement begins later in the search of a page. */
const searchMs = 100;
/** A status is rare among the newest rows if no more than this share has it. */
const rareShare = 0.05;
const dayMs = 24 * 3_600_000;
const recentMs = 3 * dayMs;

/**
 * Looks at the last days below `filter.below` first: most pages fill up from there, and planning a query for months of
 * partitions takes longer than running it.
 */
export async function findDeliveries(db: Db, filter: DeliveryFilter, limit: number): Promise<FoundRows> {
  const deadline = performance.now() + searchMs;
  // the partitions of future days are empty
  const tomorrow = firstUuidAt(Date.now() + dayMs);
  const within = boundsWithin({ ...filter, below: [filter.below, tomorrow].toSorted()[0] ?? tomorrow });
  const recent = firstUuidAt(Math.min(unixMsOf(within.below), Date.now()) - recentMs);
  if (recent > within.from) {
    const page = await scan(db, { ...within, from: recent }, limit, rowsAtFirst);
    if (page.rows.length >= limit) return page;
    if (page.goesOn !== null) return goOn(db, within, limit, page, deadline);
  }
  return goOn(db, within, limit, await scan(db, within, limit, rowsAtFirst), deadline);
}

/** The ids of an event's deliveries are neighbours. */
function boundsWithin(filter: DeliveryFilter): DeliveryFilter {
  if (filter.eventId === null) return filter;
  const { from, to } = deliveryRange(filter.eventId);
  return { ...filter, from: [filter.from, from].toSorted()[1] ?? from, below: [filter.below, to].toSorted()[0] ?? to };
}

/** Fills up a page whose scan ended with rows left to look at: by an index that knows where rare rows are, or by more scans. */
async function goOn(db: Db, filter: DeliveryFilter, limit: number, begun: Scanned, deadline: number): Promise<FoundRows> {
  let { rows, goesOn } = begun;
  const findRare = wayToRare(db, filter, begun.isStatusRare);
  for (let looksAt = rowsAtFirst; goesOn !== null && rows.length < limit && performance.now() < deadline; ) {
    looksAt = Math.min(2 * looksAt, rowsAtMost);
    const missing = limit - rows.length;
    const span = { from: filter.from, below: goesOn };
    const found: FoundRows = findRare
      ? await rareRows(db, await searchBack(findRare, span, missing, deadline))
      : await scan(db, { ...filter, ...span }, missing, looksAt);
    rows = [...rows, ...found.rows];
    goesOn = found.goesOn;
  }
  return { rows, goesOn };
}

const rareRows = async (db: Db, { ids, goesOn }: FoundBack): Promise<FoundRows> => ({ rows: await readRows(db, ids), goesOn });

async function readRows(db: Db, ids: string[]): Promise<DeliveryRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await db.query<DeliveryRow>({
    text: `
      select ${columns} from deliveries d join tenants t on t.id = d.tenant_id left join endpoints n on n.id = d.endpoint_id
      where d.id = any($1) and d.id between $2::uuid and $3::uuid order by d.id desc`,
    values: [ids, ids.at(-1), ids[0]],
  });
  return rows;
}

/**
 * Filters are parameters that may be null. The lists are not prepared by name: planned with its values, a filter that
 * is null costs nothing, and the bounds select the partitions.
 */
async function scan(db: Db, filter: DeliveryFilter, limit: number, looksAt: number): Promise<Scanned> {
  const { statuses, type } = filter;
  const byStatus = statuses !== null && !statuses.includes('succeeded');
  const searched = type !== null || (statuses !== null && !byStatus);
  const query = {
    text: byStatus ? pageByStatus : pageByTime,
    values: [
      filter.from,
      filter.below,
      filter.tenantId && uuidOf(filter.tenantId),
      filter.endpointId && uuidOf(filter.endpointId),
      statuses,
      type,
      searched ? Math.max(Math.floor(looksAt / (byStatus ? statuses.length : 1)), limit) : limit,
      limit,
      filter.eventId && uuidOf(filter.eventId),
    ],
  };
  const rows = await inTransaction(db, async (client) => {
    // if a tenant fails more than others, PostgreSQL expects too few rows and would read and sort them all; an index
    // returns the first ones at once
    await client.query('set local enable_bitmapscan = off');
    return (await client.query<DeliveryRow & { goes_on: string | null; of_statuses: number }>(query)).rows;
  });
  const goesOn = rows[0]?.goes_on ?? null;
  return {
    rows: rows.filter(({ id }) => id !== null),
    goesOn: goesOn && uuidOf(idOf('dlv', goesOn)),
    isStatusRare: (rows[0]?.of_statuses ?? 0) <= looksAt * rareShare,
  };
}

// By the endpoint alone: given the tenant too, PostgreSQL might read all deliveries of the tenant.
const within = `
  id >= $1::uuid and id < $2::uuid
  and ($3::uuid is null or $4::uuid is not null or tenant_id = $3) and ($4::uuid is null or endpoint_id = $4)
  and ($3::uuid is null or $4::uuid is null or exists (select from endpoints p where p.id = $4 and p.tenant_id = $3))
  and ($9::uuid is null or event_id = $9)`;

const columns = `d.id, d.event_id, d.event_type, t.external_id as tenant, d.endpoint_id, n.host, d.status, d.round, d.attempts, d.next_attempt_at,
  d.last_outcome, d.last_message, d.sequence, d.batch_id, d.faults, d.created_at, d.updated_at, d.own_workflow, d.hurried`;

// `goes_on` is in every row, or in a row without a delivery if there is none. The scan reads no further than the page
// needs.
const page = `
  page as (
    select * from scanned where ($5::text[] is null or status = any($5)) and ($6::text is null or event_type = $6) order by id desc limit $8
  )
  select ${columns}, s.goes_on, s.of_statuses
  from (
    select case when (select count(*) from page) < $8 then (select id from scanned order by id desc offset $7 - 1 limit 1) end as goes_on,
      (select count(*)::int from scanned where $5::text[] is null or status = any($5)) as of_statuses
  ) s
  left join page d on true left join tenants t on t.id = d.tenant_id left join endpoints n on n.id = d.endpoint_id
  order by d.id desc`;

const pageByTime = `
  with scanned as materialized (
    select * from deliveries where ${within} order by id desc limit $7
  ), ${page}`;

// uses the indexes for statuses other than `succeeded`, one status at a time: only then do they return rows in the
// order of ids
const pageByStatus = `
  with scanned as materialized (
    select d.* from unnest($5::text[]) as s (wanted), lateral (
      select * from deliveries where status = s.wanted and status <> 'succeeded' and ${within} order by id desc limit $7
    ) d
    order by d.id desc limit $7
  ), ${page}`;
