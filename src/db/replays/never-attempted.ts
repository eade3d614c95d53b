// Events for which an endpoint has no delivery although it wants them now: it was created later, or its subscription has
// changed. In the order of the events' ids, a part of a day at a time.
import { asksForContent, type Content, judge, type Subscription, takesType } from '#domain/events/subscription';
import { filterOf } from '#domain/filters/filter';
import { deliveryId, idOf, uuidOf } from '#domain/ids';
import { contentsAtOnce, type Opening, readContents } from '../events/read-content.ts';
import { type Day, dayAfter, type Querying, reachedBy, type Scan, type Selected } from './selection.ts';

export interface NeverAttempted {
  deliveryId: string;
  eventId: string;
  endpointId: string;
  tenantId: string;
}

interface Subscriber extends Subscription {
  id: string;
  tenantId: string;
  createdUs: number;
}

interface ScannedEvent {
  id: string;
  tenant_id: string;
  type: string;
  channels: string[];
  accepted_us: number;
  fits: boolean;
  /** Endpoints that existed when it was accepted may still get it without a replay. */
  under_way: boolean;
}

/** Deliveries that are looked up at once. */
const mostAtOnce = 20_000;

/** Looks at `most` events at most. Deliveries that may still be made without a replay are left out. */
export async function scanEvents(
  db: Querying,
  contents: Opening,
  selected: Selected,
  after: string,
  most: number,
): Promise<Scan<NeverAttempted>> {
  const day = dayAfter(after, selected.below);
  // not prepared by name, so that the day selects the partition
  const { rows } = await db.query<ScannedEvent>({
    text: scan,
    values: [after, day.below, selected.tenantId && uuidOf(selected.tenantId), most],
  });
  const events = rows.filter(({ type, fits }) => fits && takesType({ eventTypes: selected.types }, type));
  const subscribers = await readSubscribers(db, selected, [...new Set(events.map((event) => event.tenant_id))]);
  const wanted = await wantedOf(db, contents, events, (event) => subscribers.get(event.tenant_id) ?? []);
  return { found: await withoutDelivery(db, wanted, day), reached: reachedBy(rows, most, day) };
}

/** A part at a time, because filters read the contents of events. */
async function wantedOf(
  db: Querying,
  contents: Opening,
  events: ScannedEvent[],
  subscribersOf: (event: ScannedEvent) => Subscriber[],
): Promise<NeverAttempted[]> {
  const wanted: NeverAttempted[] = [];
  for (let from = 0; from < events.length; from += contentsAtOnce) {
    const some = events.slice(from, from + contentsAtOnce);
    const asking = some.filter((event) => subscribersOf(event).some((one) => isLeft(one, event) && asksForContent(one, event)));
    const read = await readContents(
      db,
      contents,
      asking.map(({ id }) => idOf('evt', id)),
    );
    for (const event of some) {
      const content = read.get(idOf('evt', event.id)) ?? 'erased';
      for (const one of subscribersOf(event)) if (wants(one, event, content)) wanted.push(missing(event, one));
    }
  }
  return wanted;
}

const scan = `
  with scanned as materialized (
    select * from events where id > $1::uuid and id < $2::uuid and ($3::uuid is null or tenant_id = $3) order by id limit $4
  ), under_way as materialized (
    select id from events_under_way(array(select id from scanned)) as u (id)
  )
  select id, tenant_id, type, channels, (extract(epoch from accepted_at) * 1e6)::bigint as accepted_us, id in (select id from under_way) as under_way,
    erased_at is null and recalled_at is null and only_endpoint_id is null and coalesce(deliver_at <= now(), true) and coalesce(expires_at > now(), true) as fits
  from scanned order by id`;

/** Nothing but a replay gives it the event. */
function isLeft({ createdUs }: Subscriber, event: ScannedEvent): boolean {
  return !event.under_way || createdUs > event.accepted_us;
}

function wants(one: Subscriber, event: ScannedEvent, content: Content): boolean {
  return isLeft(one, event) && judge(one, { ...event, content }) === 'wanted';
}

function missing(event: ScannedEvent, endpoint: Subscriber): NeverAttempted {
  const [eventId, endpointId] = [idOf('evt', event.id), idOf('ep', endpoint.id)];
  return { eventId, endpointId, tenantId: idOf('tnt', event.tenant_id), deliveryId: deliveryId(eventId, endpointId) };
}

async function readSubscribers(db: Querying, { endpointId, asOf }: Selected, tenants: string[]): Promise<Map<string, Subscriber[]>> {
  if (tenants.length === 0) return new Map();
  const { rows } = await db.query<SubscriberRow>({
    name: 'replay_subscribers',
    text: `
      select id, tenant_id, event_types, channels, filter, (extract(epoch from created_at) * 1e6)::bigint as created_us from endpoints
      where tenant_id = any($1::uuid[]) and ($2::uuid is null or id = $2) and deleted_at is null and created_at <= coalesce($3::timestamptz, now())
      order by id`,
    values: [tenants, endpointId && uuidOf(endpointId), asOf],
  });
  const subscribers = rows.map((row) => ({
    ...{ id: row.id, tenantId: row.tenant_id, createdUs: row.created_us },
    ...{ eventTypes: row.event_types, channels: row.channels, filter: filterOf(row.filter) },
  }));
  return Map.groupBy(subscribers, (one) => one.tenantId);
}

interface SubscriberRow {
  id: string;
  tenant_id: string;
  event_types: string[];
  channels: string[];
  filter: string | null;
  created_us: number;
}

async function withoutDelivery(db: Querying, wanted: NeverAttempted[], day: Day): Promise<NeverAttempted[]> {
  const existing = new Set<string>();
  for (let from = 0; from < wanted.length; from += mostAtOnce) {
    const ids = wanted.slice(from, from + mostAtOnce).map((one) => uuidOf(one.deliveryId));
    const { rows } = await db.query<{ id: string }>({
      text: 'select id from deliveries where id = any($1::uuid[]) and id >= $2 and id < $3',
      values: [ids, day.from, day.below],
    });
    for (const { id } of rows) existing.add(idOf('dlv', id));
  }
  return wanted.filter((one) => !existing.has(one.deliveryId));
}

/** Whether events of the window are under way: what they become is not known yet. */
export async function areEventsUnderWay(db: Querying, { tenantId, from, below }: Selected): Promise<boolean> {
  const { rows } = await db.query<{ some: boolean }>({
    name: 'replay_events_under_way',
    text: `
      select exists (select from outbox where event_id > $1::uuid and event_id < $2::uuid and ($3::uuid is null or tenant_id = $3))
        or exists (select from dispatches where done_at is null and last_event > $1::uuid and first_event < $2::uuid) as some`,
    values: [from, below, tenantId && uuidOf(tenantId)],
  });
  return rows[0]?.some ?? false;
}
