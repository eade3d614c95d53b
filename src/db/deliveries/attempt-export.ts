// Exports the delivery log: one line per attempt, by the time it began, oldest first, whatever the
// age of its delivery. An export that continues after the last line finds every later attempt.
import { inUtc } from '#domain/events/event';
import { firstUuidAt, idOf, unixMsOf, uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';
import { type AttemptPlace, attemptFields, type ExportedAttempt, type ExportedRow, toExported } from './exported-attempt.ts';

type Querying = Pick<Db, 'query'>;

export interface AttemptFilter {
  tenantId: string | null;
  endpointId: string | null;
  since: string | null;
  until: string | null;
}

const page = 2_000;
const shortestMs = 1_000;
const firstMs = 60_000;
const longestMs = 6 * 3_600_000;
const clockMs = 60_000;
/** Up to this many deliveries are read again for each page. */
const few = 10_000;

/**
 * Yields pages, some of them empty. `fewest`: how many deliveries count as few.
 *
 * If the tenant or endpoint has few deliveries, the attempts are found through these. Otherwise they are found by time
 * through a BRIN index, in windows that are expected to hold about a page of rows each. Attempts of the last minute are
 * left for the next export: one that began earlier may still be recorded.
 */
export async function* attemptPages(
  db: Querying,
  filter: AttemptFilter,
  after: AttemptPlace | null,
  fewest = few,
): AsyncGenerator<ExportedAttempt[]> {
  const { deliveries, fromMs, untilMs } = await ends(db, filter, fewest);
  const byDeliveries = deliveries !== null && deliveries <= fewest;
  const startMs = Math.max(byDeliveries ? 0 : fromMs, filter.since === null ? 0 : Date.parse(filter.since));
  const start = after && Date.parse(after.at) >= startMs ? after : placeAt(startMs);
  if (Date.parse(start.at) >= untilMs) return;
  yield* byDeliveries ? ofFew(db, filter, start, untilMs) : inWindows(db, filter, start, untilMs);
}

const placeAt = (ms: number): AttemptPlace => ({ at: new Date(ms).toISOString(), id: firstUuidAt(0) });

async function* ofFew(db: Querying, filter: AttemptFilter, start: AttemptPlace, untilMs: number): AsyncGenerator<ExportedAttempt[]> {
  for (let place = start; ; ) {
    const rows = await readOfFew(db, filter, place, new Date(untilMs));
    yield rows.flatMap((row) => toExported(row) ?? []);
    const last = rows.at(-1);
    if (!last || rows.length < page) return;
    place = { at: last.at, id: last.id };
  }
}

async function* inWindows(db: Querying, filter: AttemptFilter, start: AttemptPlace, untilMs: number): AsyncGenerator<ExportedAttempt[]> {
  let place = start;
  let spanMs = firstMs;
  for (let windowMs = Date.parse(start.at); windowMs < untilMs; ) {
    const endMs = Math.min(windowMs + spanMs, untilMs);
    const rows = await readWindow(db, filter, place, new Date(endMs));
    yield rows.flatMap((row) => toExported(row) ?? []);
    const { seen = 0, last_at: at = null, last_id: id = null } = rows[0] ?? {};
    if (at !== null && id !== null && seen === page) {
      place = { at, id };
      windowMs = Date.parse(at);
      spanMs = Math.max(shortestMs, spanMs / 2);
    } else {
      place = placeAt(endMs);
      windowMs = endMs;
      if (seen < page / 3) spanMs = Math.min(longestMs, spanMs * 2);
    }
  }
}

interface Ends {
  /**
   * Number of deliveries that match the filter, counted up to `fewest` + 1; null: it names neither tenant nor endpoint.
   */
  deliveries: number | null;
  fromMs: number;
  untilMs: number;
}

/** The range of times to read. No attempt began before the oldest event, except where clocks differ. */
async function ends(db: Querying, { tenantId, endpointId, until }: AttemptFilter, fewest: number): Promise<Ends> {
  const ofAll = tenantId === null && endpointId === null;
  const { rows } = await db.query<{ until: Date; deliveries: number | null; first: string | null }>({
    text: `select least($1::timestamptz, now() - interval '1 minute') as until, f.* from ${ofAll ? firstOfAll : firstOfSome} f`,
    values: ofAll
      ? [until && inUtc(until)]
      : [until && inUtc(until), tenantId && uuidOf(tenantId), endpointId && uuidOf(endpointId), fewest + 1],
  });
  const [row] = rows;
  if (!row?.first) return { deliveries: 0, fromMs: 0, untilMs: 0 };
  return { deliveries: row.deliveries, fromMs: Math.max(0, unixMsOf(idOf('dlv', row.first)) - clockMs), untilMs: row.until.getTime() };
}

// By the endpoint alone: given the tenant too, PostgreSQL might read all deliveries of the tenant.
const ofFilter = `
  ($2::uuid is null or $3::uuid is not null or d.tenant_id = $2) and ($3::uuid is null or d.endpoint_id = $3)
  and ($2::uuid is null or $3::uuid is null or exists (select from endpoints p where p.id = $3 and p.tenant_id = $2))`;
const firstOfAll = '(select null::int as deliveries, (select delivery_id from attempts order by delivery_id limit 1) as first)';
const firstOfSome = `(
  select count(*)::int as deliveries, (array_agg(id order by id))[1] as first
  from (select d.id from deliveries d where ${ofFilter} order by d.id limit $4) d
)`;

// The queries below are not prepared by name: PostgreSQL plans them with their times, and a filter that is null costs
// nothing. `offset 0` keeps it from reading whole tables where an index lookup for each row of a page is cheaper.

async function readOfFew(db: Querying, filter: AttemptFilter, place: AttemptPlace, end: Date): Promise<ExportedRow[]> {
  const { rows } = await db.query<ExportedRow>({
    text: `
      with own as materialized (select d.* from deliveries d where ${ofFilter})
      select ${attemptFields}
      from own d
      cross join lateral (
        select * from attempts a where a.delivery_id = d.id and a.started_at < $4 and (a.started_at, a.id) > ($1::timestamptz, $5::uuid) offset 0
      ) s
      join tenants t on t.id = d.tenant_id left join lateral (select external_id from events e where e.id = d.event_id offset 0) e on true
      order by s.started_at, s.id limit $6`,
    values: [place.at, filter.tenantId && uuidOf(filter.tenantId), filter.endpointId && uuidOf(filter.endpointId), end, place.id, page],
  });
  return rows;
}

type WindowRow = (ExportedRow | { tenant: null }) & { seen: number; last_at: string | null; last_id: string | null };

/**
 * Reads every attempt of the window, at most a page. Attempts that the filter leaves out only count, and give the place
 * of the last one.
 */
async function readWindow(db: Querying, { tenantId, endpointId }: AttemptFilter, place: AttemptPlace, end: Date): Promise<WindowRow[]> {
  const { rows } = await db.query<WindowRow>({
    text: `
      with seen as materialized (select * from attempts_seen($1, $2, $3, $4, $5, $6))
      select v.seen, v.last_at, v.last_id, ${attemptFields}
      from seen v
      left join lateral (select * from attempts a where a.delivery_id = v.delivery_id and a.id = v.id offset 0) s on true
      left join lateral (select * from deliveries d where d.id = v.delivery_id offset 0) d on true
      left join tenants t on t.id = d.tenant_id left join lateral (select external_id from events e where e.id = d.event_id offset 0) e on true
      order by s.started_at, s.id`,
    values: [place.at, place.id, end, tenantId && uuidOf(tenantId), endpointId && uuidOf(endpointId), page],
  });
  return rows;
}
