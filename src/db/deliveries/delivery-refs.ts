// Delivery facts that Temporal needs to start a workflow, and pages of the deliveries that need one
// started or signalled.
import { type DeliveryStatus, deliveryStatuses } from '#domain/deliveries/delivery';
import type { TraceContext } from '#domain/events/trace-context';
import { deliveryRanges, idOf, uuidOf } from '#domain/ids';
import { usualTimings } from '#domain/timings';
import { queryPlannedOnce } from '../store/planned-once.ts';
import { type Db, inTransaction } from '../store/pool.ts';

/** The facts needed to start or find the workflow of a delivery. */
export interface DeliveryRef {
  deliveryId: string;
  status: DeliveryStatus;
  round: number;
  tenant: string;
  endpointId: string;
  endpointHost: string;
  eventType: string;
  /** Of its event. Absent: not read. */
  trace?: TraceContext | null;
}

/** A delivery whose row may have been changed outside its workflow. */
export interface UnsignalledDelivery extends DeliveryRef {
  /** The mark of the change, as PostgreSQL writes it; null: its workflow was signalled. */
  unsignalledSince: string | null;
  /** Relays make its next attempt: its workflow is told if it is open, and not started. */
  pumped: boolean;
}

export const refColumns = 'd.id, d.status, d.round, d.event_type, d.endpoint_id, t.external_id as tenant, p.host';
const refTables = 'deliveries d join tenants t on t.id = d.tenant_id join endpoints p on p.id = d.endpoint_id';

export async function readDeliveryRef(db: Db, deliveryId: string): Promise<UnsignalledDelivery | null> {
  const { rows } = await db.query<UnsignalledRow>({
    text: `select ${refColumns}, d.pumped, d.unsignalled_since::text from ${refTables} where d.id = $1`,
    values: [uuidOf(deliveryId)],
  });
  return rows[0] ? toUnsignalled(rows[0]) : null;
}

/**
 * A page of the deliveries of these events that need a workflow, in the order of ids, after `after`. These are pending
 * and retrying deliveries, unless scheduled for later than a minute from now, and dead letters, which wait in their
 * workflow; but none that relays attempt, or whose workflow they open later.
 */
export async function startableDeliveries(db: Db, eventIds: string[], after: string | null, limit: number): Promise<DeliveryRef[]> {
  const { lowest, highest, from, to } = deliveryRanges(eventIds);
  const { rows } = await db.query<RefRow>({
    // not prepared by name, so that the bounds of all ranges select the partitions
    text: `
      select ${refColumns}
      from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as r (lowest, highest, event_id)
      cross join lateral (
        select * from deliveries
        where id between r.lowest and r.highest and event_id = r.event_id and id between $6 and $7 and ($4::uuid is null or id > $4)
          and status in ('pending', 'retrying', 'dead_lettered') and not pumped and (attempts > 0 or next_attempt_at < now() + interval '1 minute')
        order by id limit $5
      ) d
      join tenants t on t.id = d.tenant_id join endpoints p on p.id = d.endpoint_id
      order by d.id limit $5`,
    values: [lowest, highest, eventIds.map(uuidOf), after && uuidOf(after), limit, from, to],
  });
  return rows.map(toRef);
}

/** The first deliveries of these events, in the order of ids, with their status: `dlv_… succeeded`. */
export async function namedDeliveries(db: Db, eventIds: string[], limit: number): Promise<string[]> {
  const { lowest, highest, from, to } = deliveryRanges(eventIds);
  const { rows } = await db.query<{ id: string; status: string }>({
    text: `
      select d.id, d.status
      from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as r (lowest, highest, event_id)
      cross join lateral (
        select id, status from deliveries
        where id between r.lowest and r.highest and event_id = r.event_id and id between $5 and $6 order by id limit $4
      ) d
      order by d.id limit $4`,
    values: [lowest, highest, eventIds.map(uuidOf), limit, from, to],
  });
  return rows.map(({ id, status }) => `${idOf('dlv', id)} ${status}`);
}

export interface SweepCursor {
  dueAt: Date;
  deliveryId: string;
}

export interface OverdueDelivery extends DeliveryRef {
  tenantId: string;
  dueAt: Date;
  /** It is scheduled, and falls due about now: it has no workflow yet, and is not late. */
  isNew: boolean;
}

/** Of a delivery `d`. `overdueBefore`: a time, as SQL. */
export const isOverdueDelivery = (overdueBefore: string) => `
  d.status in ('pending', 'retrying') and not d.pumped and d.next_attempt_at < now() + interval '15 seconds'
  and (d.next_attempt_at < ${overdueBefore} or (d.attempts = 0 and d.round = 1 and d.next_attempt_at > d.created_at + interval '1 minute'))`;

/** Of a delivery `d`. */
export const isUnsignalled = `d.unsignalled_since < now() - interval '10 seconds'`;

/**
 * A page of deliveries that should have been attempted: overdue by `overdueMs`, or scheduled and due within 15 s. Oldest
 * first. A replay that is not late is left to its command. `after`: where the last sweep stopped, so that rows that cannot
 * move do not hide the others.
 */
export async function overdueDeliveries(
  db: Db,
  after: SweepCursor | null,
  limit: number,
  overdueMs = usualTimings.sweep.deliveryOverdueAfterMs,
): Promise<OverdueDelivery[]> {
  const { rows } = await db.query<RefRow & { tenant_id: string; next_attempt_at: Date; is_new: boolean }>({
    name: 'overdue_deliveries',
    text: `
      select ${refColumns}, d.tenant_id, date_trunc('milliseconds', d.next_attempt_at) as next_attempt_at,
        d.next_attempt_at >= now() - $4::float8 * interval '1 millisecond' as is_new
      from ${refTables}
      where ${isOverdueDelivery(`now() - $4::float8 * interval '1 millisecond'`)}
        and ($1::timestamptz is null or (date_trunc('milliseconds', d.next_attempt_at), d.id) > ($1, $2::uuid))
      order by date_trunc('milliseconds', d.next_attempt_at), d.id limit $3`,
    values: [after?.dueAt ?? null, after && uuidOf(after.deliveryId), limit, overdueMs],
  });
  return rows.map((row) => ({ ...toRef(row), tenantId: idOf('tnt', row.tenant_id), dueAt: row.next_attempt_at, isNew: row.is_new }));
}

/** Of `deliveries`, with and without a workflow: an index each. `overdueMs`: as SQL. */
export const isLate = {
  withWorkflow: (overdueMs: string) => `status in ('pending', 'retrying') and not pumped and ${isPast(overdueMs)}`,
  pumped: (overdueMs: string) => `status in ('pending', 'retrying') and pumped and ${isPast(overdueMs)}`,
};
const isPast = (overdueMs: string) => `next_attempt_at < now() - ${overdueMs}::float8 * interval '1 millisecond'`;

const overdueSql = `
  select count(*)::int as count, min(next_attempt_at) as since from (
    select next_attempt_at from deliveries where ${isLate.withWorkflow('$1')}
    union all
    select next_attempt_at from deliveries where ${isLate.pumped('$1')}
    limit 10000
  ) d`;

/** Deliveries that should have been attempted `overdueMs` ago, counted up to 10,000, and since when the oldest waits. */
export async function readOverdue(db: Db, overdueMs: number): Promise<{ count: number; since: Date | null }> {
  const read = { name: 'read_overdue', text: overdueSql, values: [overdueMs] };
  const { rows } = await inTransaction(db, (client) => queryPlannedOnce<{ count: number; since: Date | null }>(client, read));
  return { count: rows[0]?.count ?? 0, since: rows[0]?.since ?? null };
}
/** Deliveries that were changed 10 s ago and whose workflow was not signalled since, in random order. */
export async function unsignalledDeliveries(db: Db, limit: number): Promise<UnsignalledDelivery[]> {
  const { rows } = await db.query<UnsignalledRow>({
    name: 'unsignalled_deliveries',
    text: `
      select ${refColumns}, d.pumped, d.unsignalled_since::text from ${refTables}
      where ${isUnsignalled}
      order by random() limit $1`,
    values: [limit],
  });
  return rows.map(toUnsignalled);
}

/** Records that the workflow was signalled after the change that set this mark. A newer mark stays. */
export async function markSignalled(db: Db, deliveryId: string, unsignalledSince: string): Promise<void> {
  await db.query({
    text: 'update deliveries set unsignalled_since = null where id = $1 and unsignalled_since = $2::timestamptz',
    values: [uuidOf(deliveryId), unsignalledSince],
  });
}

export interface RefRow {
  id: string;
  status: string;
  round: number;
  event_type: string;
  endpoint_id: string;
  tenant: string;
  host: string;
}

type UnsignalledRow = RefRow & { pumped: boolean; unsignalled_since: string | null };

function toUnsignalled(row: UnsignalledRow): UnsignalledDelivery {
  return { ...toRef(row), pumped: row.pumped, unsignalledSince: row.unsignalled_since };
}

export function toRef(row: RefRow): DeliveryRef {
  const status = deliveryStatuses.find((known) => known === row.status);
  if (!status) throw new Error(`unknown delivery status ${row.status}`);
  return {
    deliveryId: idOf('dlv', row.id),
    status,
    round: row.round,
    tenant: row.tenant,
    endpointId: idOf('ep', row.endpoint_id),
    endpointHost: row.host,
    eventType: row.event_type,
  };
}
