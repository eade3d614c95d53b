// Reads deliveries for people: lists, one delivery, the deliveries of an event. Every query reads a
// bounded number of rows.
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import { firstUuidAt, idOf, unixMsOf, uuidOf } from '#domain/ids';
import type { DeliveryView } from '#domain/views/delivery-view';
import { type Db, inTransaction } from '../store/pool.ts';
import { readDeliveryContext } from './delivery-context.ts';
import { nextAttemptsOf } from './held-until.ts';

/** A stored delivery, without the address of its workflow in Temporal. */
export type DeliveryRecord = Omit<DeliveryView, 'workflowId' | 'temporalUrl'> & {
  /** The delivery itself has or had a workflow. */
  ownWorkflow: boolean;
  /** Otherwise the dispatch that guards its event; null: none yet, or deleted since. */
  dispatchId: string | null;
  /** It has no workflow of its own, because it was parked before its first attempt: the workflow of its lane made all. */
  parked: boolean;
};

export interface DeliveryFilter {
  tenantId: string | null;
  endpointId: string | null;
  statuses: DeliveryStatus[] | null;
  type: string | null;
  /** UUIDs: from `from` on, and below `below`. */
  from: string;
  below: string;
}

/** The columns of a delivery's row. */
interface DeliveryRow {
  id: string;
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
  sequence: number | null;
  batch_id: string | null;
  faults: number;
  created_at: Date;
  updated_at: Date;
  own_workflow: boolean;
  parked: boolean;
  hurried: boolean;
}

export interface DeliveryPage {
  /** Fewer than `limit`: there are no more, unless `goesOn` is set. */
  records: DeliveryRecord[];
  /** The id below which the next page begins, if the search ended with rows left to look at. */
  goesOn: string | null;
}

// A filter without an index is applied to at most this many rows; the next page continues after them.
const rowsSearched = 2_000;
const dayMs = 24 * 3_600_000;
const recentMs = 3 * dayMs;

/**
 * Deliveries, newest first. Looks at the last days below `filter.below` first: most pages fill up from there, and
 * planning a query for months of partitions takes longer than running it.
 */
export async function listDeliveries(db: Db, filter: DeliveryFilter, limit: number): Promise<DeliveryPage> {
  // the partitions of future days are empty
  const tomorrow = firstUuidAt(Date.now() + dayMs);
  const below = [filter.below, tomorrow].toSorted()[0] ?? tomorrow;
  const recent = firstUuidAt(Math.min(unixMsOf(below), Date.now()) - recentMs);
  if (recent > filter.from) {
    const page = await searchDeliveries(db, { ...filter, from: recent, below }, limit);
    if (page.records.length >= limit || page.goesOn !== null) return page;
  }
  return searchDeliveries(db, { ...filter, below }, limit);
}

/**
 * Filters are parameters that may be null. The lists are not prepared by name: planned with its values, a filter that
 * is null costs nothing, and the bounds select the partitions.
 */
async function searchDeliveries(db: Db, filter: DeliveryFilter, limit: number): Promise<DeliveryPage> {
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
      searched ? Math.max(Math.floor(rowsSearched / (byStatus ? statuses.length : 1)), limit) : limit,
      limit,
    ],
  };
  const rows = await inTransaction(db, async (client) => {
    // if a tenant fails more than others, PostgreSQL expects too few rows and would read and sort them all; an index
    // returns the first ones at once
    await client.query('set local enable_bitmapscan = off');
    return (await client.query<DeliveryRow & { goes_on: string | null }>(query)).rows;
  });
  const goesOn = rows[0]?.goes_on ?? null;
  const found = rows.filter(({ id }) => id !== null);
  return { records: await toRecords(db, found), goesOn: goesOn && idOf('dlv', goesOn) };
}

// By the endpoint alone: given the tenant too, PostgreSQL might read all deliveries of the tenant.
const within = `
  id >= $1::uuid and id < $2::uuid
  and ($3::uuid is null or $4::uuid is not null or tenant_id = $3) and ($4::uuid is null or endpoint_id = $4)
  and ($3::uuid is null or $4::uuid is null or exists (select from endpoints p where p.id = $4 and p.tenant_id = $3))`;

// `goes_on` is in every row, or in a row without a delivery if there is none. The scan reads no further than the page
// needs.
const page = `
  page as (
    select * from scanned where ($5::text[] is null or status = any($5)) and ($6::text is null or event_type = $6) order by id desc limit $8
  )
  select p.id, p.event_id, p.event_type, t.external_id as tenant, p.endpoint_id, p.status, p.round, p.attempts, p.next_attempt_at, p.last_outcome,
    p.last_message, p.sequence, p.batch_id, p.faults, p.created_at, p.updated_at, p.own_workflow, p.hurried, s.goes_on
  from (
    select case when (select count(*) from page) < $8 then (select id from scanned order by id desc offset $7 - 1 limit 1) end as goes_on
  ) s
  left join page p on true left join tenants t on t.id = p.tenant_id
  order by p.id desc`;

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

const ownColumns = `d.id, d.event_id, d.event_type, t.external_id as tenant, d.endpoint_id, d.status, d.round, d.attempts,
  d.next_attempt_at, d.last_outcome, d.last_message, d.sequence, d.batch_id, d.faults, d.created_at, d.updated_at, d.own_workflow,
  d.position is not null as parked, d.hurried`;

export async function readDelivery(db: Db, deliveryId: string): Promise<DeliveryRecord | null> {
  const { rows } = await db.query<DeliveryRow>({
    text: `select ${ownColumns} from deliveries d join tenants t on t.id = d.tenant_id where d.id = $1`,
    values: [uuidOf(deliveryId)],
  });
  return (await toRecords(db, rows))[0] ?? null;
}

/** Deliveries of an event, in the order of ids. `range`: see `deliveryRange` in domain/ids.ts. */
export async function deliveriesOfEvent(
  db: Db,
  eventId: string,
  range: { from: string; to: string },
  limit: number,
): Promise<DeliveryRecord[]> {
  const { rows } = await db.query<DeliveryRow>({
    text: `
      select ${ownColumns} from deliveries d join tenants t on t.id = d.tenant_id
      where d.id between $2 and $3 and d.event_id = $1
      order by d.id limit $4`,
    values: [uuidOf(eventId), range.from, range.to, limit],
  });
  return toRecords(db, rows);
}

async function toRecords(db: Db, rows: DeliveryRow[]): Promise<DeliveryRecord[]> {
  const around = await readDeliveryContext(db, rows);
  const nextAttempt = await nextAttemptsOf(db, rows);
  return rows.map((row) => {
    const { event, dispatchId, parked } = around.get(row.event_id) ?? { event: null, dispatchId: null, parked: false };
    return {
      id: idOf('dlv', row.id),
      event: event ?? idOf('evt', row.event_id),
      eventType: row.event_type,
      tenant: row.tenant,
      endpoint: idOf('ep', row.endpoint_id),
      status: row.status,
      round: row.round,
      attempts: row.attempts,
      nextAttemptAt: nextAttempt(row)?.toISOString() ?? null,
      lastOutcome: row.last_outcome,
      lastMessage: row.last_message,
      sequence: row.sequence,
      batch: row.batch_id && idOf('bat', row.batch_id),
      faults: row.faults,
      createdAt: row.created_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
      ownWorkflow: row.own_workflow,
      dispatchId: row.own_workflow ? null : dispatchId,
      parked: (parked || row.parked) && !row.own_workflow,
    };
  });
}
