// The delivery log, oldest first: a line for each attempt, by the time it began, whatever the age of its delivery. So who goes on behind the last line he has
// finds what was attempted since, also of old deliveries.
//
// Attempts are found by their time through a BRIN index, window by window, each as long as promises about a page of rows. Those of the last minute are left
// for the next export: one that began earlier may still be recorded.
import type { DeliveryStatus } from '../domain/delivery.ts';
import { firstUuidAt, idOf, unixMsOf, uuidOf } from '../domain/ids.ts';
import type { Db } from './pool.ts';

type Querying = Pick<Db, 'query'>;

export interface AttemptFilter {
  tenantId: string | null;
  endpointId: string | null;
  since: string | null;
  until: string | null;
}

/** Behind which an export goes on: a time to the microsecond, and the attempt's UUID. */
export interface AttemptPlace {
  at: string;
  id: string;
}

export interface ExportedAttempt {
  place: AttemptPlace;
  attempt: {
    attempt: string;
    startedAt: string;
    tenant: string;
    event: string;
    eventType: string;
    delivery: string;
    deliveryStatus: DeliveryStatus;
    endpoint: string;
    round: number;
    number: number;
    probe: boolean;
    outcome: string;
    message: string;
    status: number | null;
    address: string | null;
    totalMs: number;
  };
}

const page = 2_000;
const shortestMs = 1_000;
const firstMs = 60_000;
const longestMs = 6 * 3_600_000;
const clockMs = 60_000;

/** In pages, some of them empty. */
export async function* attemptPages(db: Querying, filter: AttemptFilter, after: AttemptPlace | null): AsyncGenerator<ExportedAttempt[]> {
  const { fromMs, untilMs } = await ends(db, filter, after);
  let place: AttemptPlace = after ?? { at: new Date(fromMs).toISOString(), id: firstUuidAt(0) };
  let spanMs = firstMs;
  for (let windowMs = fromMs; windowMs < untilMs; ) {
    const endMs = Math.min(windowMs + spanMs, untilMs);
    const rows = await readWindow(db, filter, place, new Date(endMs));
    yield rows.flatMap((row) => toExported(row) ?? []);
    const last = rows.at(-1);
    if (last && rows.length === page) {
      place = { at: last.at, id: uuidOf(last.id) };
      windowMs = Date.parse(last.at);
      spanMs = Math.max(shortestMs, spanMs / 2);
    } else {
      place = { at: new Date(endMs).toISOString(), id: firstUuidAt(0) };
      windowMs = endMs;
      if (rows.length < page / 3) spanMs = Math.min(longestMs, spanMs * 2);
    }
  }
}

/** No attempt began before the first event of the store, but for clocks that differ. */
async function ends(
  db: Querying,
  { since, until }: AttemptFilter,
  after: AttemptPlace | null,
): Promise<{ fromMs: number; untilMs: number }> {
  const { rows } = await db.query<{ until: Date; first: string | null }>({
    name: 'ends_of_attempts',
    text: `select least($1::timestamptz, now() - interval '1 minute') as until, (select delivery_id from attempts order by delivery_id limit 1) as first`,
    values: [until],
  });
  const [row] = rows;
  const untilMs = row?.first ? row.until.getTime() : 0;
  const earliestMs = row?.first ? unixMsOf(idOf('dlv', row.first)) - clockMs : 0;
  return { untilMs, fromMs: after ? Date.parse(after.at) : Math.max(earliestMs, since === null ? 0 : Date.parse(since)) };
}

interface WindowRow {
  id: string;
  at: string;
  round: number;
  number: number;
  probe: boolean;
  outcome: string;
  message: string;
  status_code: number | null;
  address: string | null;
  total_ms: number;
  delivery_id: string;
  /** Null, as the rest: it is another's. */
  tenant: string | null;
  event: string;
  event_type: string;
  status: DeliveryStatus;
  endpoint_id: string;
}

/** Every attempt of the window, a page at most; of those that the filter leaves out only where they stand. */
async function readWindow(db: Querying, { tenantId, endpointId }: AttemptFilter, place: AttemptPlace, end: Date): Promise<WindowRow[]> {
  const { rows } = await db.query<WindowRow>({
    // not prepared by name: PostgreSQL is to see the times
    text: `
      with scanned as materialized (
        select id, delivery_id, started_at, round, number, probe, outcome, message, status_code, address, total_ms from attempts
        where started_at >= $1::timestamptz and started_at < $3 and (started_at, id) > ($1::timestamptz, $2::uuid)
        order by started_at, id limit $4
      )
      select s.id, to_char(s.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, s.round, s.number, s.probe, s.outcome, s.message,
        s.status_code, s.address, s.total_ms, s.delivery_id, t.external_id as tenant, coalesce(e.external_id, d.event_id::text) as event, d.event_type,
        d.status, d.endpoint_id
      from scanned s
      left join deliveries d on d.id = s.delivery_id and ($5::uuid is null or d.tenant_id = $5) and ($6::uuid is null or d.endpoint_id = $6)
      left join tenants t on t.id = d.tenant_id left join events e on e.id = d.event_id
      order by s.started_at, s.id`,
    values: [place.at, place.id, end, page, tenantId && uuidOf(tenantId), endpointId && uuidOf(endpointId)],
  });
  return rows.map((row) => ({ ...row, id: idOf('att', row.id) }));
}

function toExported(row: WindowRow): ExportedAttempt | null {
  if (row.tenant === null) return null;
  const { id, at, tenant, event, round, number, probe, outcome, message, address } = row;
  return {
    place: { at, id: uuidOf(id) },
    attempt: {
      ...{ attempt: id, startedAt: at, tenant, event, eventType: row.event_type, delivery: idOf('dlv', row.delivery_id) },
      ...{ deliveryStatus: row.status, endpoint: idOf('ep', row.endpoint_id), round, number, probe, outcome, message },
      ...{ status: row.status_code, address, totalMs: row.total_ms },
    },
  };
}
