// The existing deliveries that a replay job selects, a part of a day at a time, in the order of ids. Event types and
// subscriptions are checked here and not in SQL, so that the check is the one of the relays.
import { asksForContent, type Content, judge, type Subscription, takesType } from '#domain/events/subscription';
import { filterOf } from '#domain/filters/filter';
import { firstUuidAt, idOf, unixMsOf, uuidOf } from '#domain/ids';
import type { Replayable, ReplaySelection } from '#domain/replays/replay';
import { contentsAtOnce, type Opening, readContents } from '../events/read-content.ts';
import type { Db } from '../store/pool.ts';

export type Querying = Pick<Db, 'query'>;

export interface Selected extends Omit<ReplaySelection, 'since' | 'until'> {
  tenantId: string | null;
  endpointId: string | null;
  /** UUIDs: of events accepted from `from` on, and before `below`. */
  from: string;
  below: string;
  /** What was changed or created later is left out. PostgreSQL's text of a time; null: now. */
  asOf: string | null;
}

/** A part of the selection. The next one begins after the UUID `reached`; at `below` there is none. */
export interface Scan<T> {
  found: T[];
  reached: string;
}

/** UUIDs: from `from` on, and below `below`. */
export interface Day {
  from: string;
  below: string;
}

const dayMs = 86_400_000;

/** The day on which the part after `after` lies, cut off at `below`: its ids are in one partition. */
export function dayAfter(after: string, below: string): Day {
  const day = Math.floor(unixMsOf(after) / dayMs);
  const next = firstUuidAt((day + 1) * dayMs);
  return { from: firstUuidAt(day * dayMs), below: next < below ? next : below };
}

// Literal statuses, so that PostgreSQL can use the indexes of those other than `succeeded`.
const statusIs = {
  dead_lettered: `d.status = 'dead_lettered' and d.status <> 'succeeded'`,
  succeeded: `d.status = 'succeeded'`,
  both: `d.status in ('dead_lettered', 'succeeded')`,
};
type Statuses = keyof typeof statusIs;
type Texts = Record<Statuses, string>;

const textsOf = (text: (status: Statuses) => string): Texts => ({
  dead_lettered: text('dead_lettered'),
  succeeded: text('succeeded'),
  both: text('both'),
});

/** Null: none. */
function keyOf([first, second]: Replayable[]): Statuses | null {
  return second ? 'both' : (first ?? null);
}

// by the endpoint alone: given the tenant too, PostgreSQL might read all deliveries of the tenant
const within = (status: Statuses) => `
  d.id > $1::uuid and d.id < $2::uuid and ${statusIs[status]}
  and ($3::uuid is null or $4::uuid is not null or d.tenant_id = $3) and ($4::uuid is null or d.endpoint_id = $4)
  and ($8::uuid[] is null or d.id = any($8))`;
// only for endpoints that subscribe to channels; an event is on the day of its deliveries
const channels = `
  case when $6 and cardinality(p.channels) > 0 then (select e.channels from events e where e.id = d.event_id and e.id >= $7 and e.id < $2) end`;
const columns = `d.event_type, ${channels} as channels, p.event_types, p.channels as subscribed`;
// a filter of now matters only to a replay for what is wanted now
const filter = 'case when $6 then p.filter end';

const scans = textsOf(
  (status) => `
    with d as materialized (select * from deliveries d where ${within(status)} order by id limit $9)
    select d.id, d.event_id, d.tenant_id, d.endpoint_id, ${columns}, ${filter} as filter, p.deleted_at is null and d.updated_at <= coalesce($5::timestamptz, now()) as fits
    from d join endpoints p on p.id = d.endpoint_id order by d.id`,
);
const counts = textsOf(
  (status) => `
    select d.tenant_id, d.endpoint_id, ${columns}, null as filter, count(*) as matched
    from deliveries d join endpoints p on p.id = d.endpoint_id and p.deleted_at is null
    where ${within(status)} and d.updated_at <= coalesce($5::timestamptz, now()) and ${filter} is null
    group by d.tenant_id, d.endpoint_id, d.event_type, 4, p.event_types, p.channels`,
);

interface Judged {
  tenant_id: string;
  endpoint_id: string;
  event_type: string;
  /** Of the event, where they matter. */
  channels: string[] | null;
  event_types: string[];
  subscribed: string[];
  filter: string | null;
}

type Scanned = Judged & { id: string; event_id: string; fits: boolean };

function subscriptionOf({ event_types: eventTypes, subscribed, filter }: Judged): Subscription {
  return { eventTypes, channels: subscribed, filter: filterOf(filter) };
}

function addressOf({ event_type: type, channels }: Judged) {
  return { type, channels: channels ?? [] };
}

/** `content`: of the event, if the endpoint has a filter. */
function isWanted({ types, target }: Selected, row: Judged, content: Content): boolean {
  const isSubscribed = () => judge(subscriptionOf(row), { ...addressOf(row), content }) === 'wanted';
  return takesType({ eventTypes: types }, row.event_type) && (target === 'frozen' || isSubscribed());
}

/** Those of these rows that are wanted. A part at a time, because filters read the contents of events. */
async function wantedOf(db: Querying, contents: Opening, selected: Selected, rows: Scanned[]): Promise<Scanned[]> {
  const fitting = rows.filter(({ fits, event_type: type }) => fits && takesType({ eventTypes: selected.types }, type));
  const found: Scanned[] = [];
  for (let from = 0; from < fitting.length; from += contentsAtOnce) {
    const some = fitting.slice(from, from + contentsAtOnce);
    const asking = some.filter((row) => asksForContent(subscriptionOf(row), addressOf(row))).map((row) => idOf('evt', row.event_id));
    const read = await readContents(db, contents, [...new Set(asking)]);
    found.push(...some.filter((row) => isWanted(selected, row, read.get(idOf('evt', row.event_id)) ?? 'erased')));
  }
  return found;
}

/** Not prepared by name, so that the day selects the partition (docs/decisions/0040). */
function valuesOf({ tenantId, endpointId, asOf, target, deliveries }: Selected, after: string, day: Day): unknown[] {
  return [
    ...[after, day.below, tenantId && uuidOf(tenantId), endpointId && uuidOf(endpointId), asOf, target === 'current', day.from],
    deliveries?.map(uuidOf) ?? null,
  ];
}

/** Deliveries after `after`, of its day. Looks at `most` rows at most. */
export async function scanDeliveries(
  db: Querying,
  contents: Opening,
  selected: Selected,
  after: string,
  most: number,
): Promise<Scan<string>> {
  const { found, reached } = await scanPart(db, contents, selected, after, most);
  return { found: found.map(({ id }) => idOf('dlv', id)), reached };
}

async function scanPart(db: Querying, contents: Opening, selected: Selected, after: string, most: number): Promise<Scan<Scanned>> {
  const statuses = keyOf(selected.statuses);
  if (statuses === null) return { found: [], reached: selected.below };
  const day = dayAfter(after, selected.below);
  const { rows } = await db.query<Scanned>({ text: scans[statuses], values: [...valuesOf(selected, after, day), most] });
  return { found: await wantedOf(db, contents, selected, rows), reached: reachedBy(rows, most, day) };
}

export function reachedBy(rows: { id: string }[], most: number, { below }: Day): string {
  const last = rows.at(-1);
  return rows.length === most && last ? last.id.replaceAll('-', '') : below;
}

export interface CountedPart {
  tenantId: string;
  endpointId: string;
  matched: number;
}

/** How many deliveries each endpoint has on the day of `after`, without those that `countFiltered` counts. */
export async function countDeliveries(db: Querying, selected: Selected, after: string): Promise<Scan<CountedPart>> {
  const statuses = keyOf(selected.statuses);
  if (statuses === null) return { found: [], reached: selected.below };
  const day = dayAfter(after, selected.below);
  const { rows } = await db.query<Judged & { matched: number }>({ text: counts[statuses], values: valuesOf(selected, after, day) });
  return { found: rows.filter((row) => isWanted(selected, row, null)).map((row) => partOf(row, row.matched)), reached: day.below };
}

/** The deliveries after `after` whose endpoint has a filter that is asked. Looks at `most` rows at most. */
export async function countFiltered(
  db: Querying,
  contents: Opening,
  selected: Selected,
  after: string,
  most: number,
): Promise<Scan<CountedPart>> {
  const { found, reached } = await scanPart(db, contents, selected, after, most);
  return { found: found.filter(({ filter }) => filter !== null).map((row) => partOf(row, 1)), reached };
}

function partOf({ tenant_id, endpoint_id }: Judged, matched: number): CountedPart {
  return { tenantId: idOf('tnt', tenant_id), endpointId: idOf('ep', endpoint_id), matched };
}

/** Whether the selection asks filters. */
export async function asksFilters(db: Querying, { tenantId, endpointId, target, statuses }: Selected): Promise<boolean> {
  if (target === 'frozen' || statuses.length === 0) return false;
  const { rows } = await db.query<{ some: boolean }>({
    name: 'replay_asks_filters',
    text: `
      select exists (
        select from endpoints
        where filter is not null and deleted_at is null and ($1::uuid is null or tenant_id = $1) and ($2::uuid is null or id = $2)
      ) as some`,
    values: [tenantId && uuidOf(tenantId), endpointId && uuidOf(endpointId)],
  });
  return rows[0]?.some ?? false;
}
