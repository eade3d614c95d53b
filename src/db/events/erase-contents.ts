// Erases the content of several events at once: bodies, and the requests and responses of their attempts. Unfinished
// deliveries end, because there is nothing left to send. Call it in a transaction. Safe to repeat.
import { obeyedIn } from '#domain/deliveries/delivery';
import { deliveryRanges, idOf, uuidOf } from '#domain/ids';
import { eraseSandboxBatches, eraseSandboxRequests } from '../sandbox/sandbox-requests.ts';
import type { Db } from '../store/pool.ts';

type Client = Pick<Db, 'query'>;
/** The ranges of their delivery ids, the events, and one range that contains all and selects the partitions. */
type OfEvents = [lowest: string[], highest: string[], events: string[], from: string, to: string];

export interface EndedDeliveries {
  /** The events that had unfinished deliveries. */
  unfinished: string[];
  /** The endpoints whose lanes held some of these, or may have been blocked by some. */
  lanes: string[];
}

export interface ErasedContents extends EndedDeliveries {
  /** The events that were not erased before. */
  erased: string[];
}

/** So long may the request of an attempt be in flight whose delivery was cancelled. As SQL. */
export const inFlightFor = `interval '35 seconds'`;

/** `as`: the status of deliveries that were not finished; `message`: why, for people. */
export async function eraseContents(
  client: Client,
  eventIds: string[],
  as: 'cancelled' | 'expired',
  message: string | null = null,
): Promise<ErasedContents> {
  if (eventIds.length === 0) return { erased: [], unfinished: [], lanes: [] };
  const ofEvents = rangesOf(eventIds);
  // no statement is prepared by name, so that the ids select the partitions
  const { rows } = await client.query<{ id: string }>({
    text: `
      with mine as (select id from events where id = any($1::uuid[]) and erased_at is null order by id for update)
      update events e set body = '', subject_hash = null, trace_context = null, erased_at = now()
      from mine where e.id = mine.id and e.id = any($1::uuid[]) returning e.id`,
    values: [ofEvents[2]],
  });
  const ended = await endDeliveries(client, eventIds, as, message);
  await eraseExchanges(client, ofEvents);
  await eraseBatches(client, ofEvents);
  await eraseSandboxRequests(client, eventIds);
  return { erased: rows.map((row) => idOf('evt', row.id)), ...ended };
}

/** Ends the unfinished deliveries of these events with the status `as`. Safe to repeat. */
export async function endDeliveries(
  client: Client,
  eventIds: string[],
  as: 'cancelled' | 'expired',
  message: string | null = null,
): Promise<EndedDeliveries> {
  if (eventIds.length === 0) return { unfinished: [], lanes: [] };
  const ended = await endUnfinished(client, rangesOf(eventIds), as, message);
  const inLanes = ended.filter(({ was }) => was !== 'pending' && was !== 'retrying');
  return {
    unfinished: [...new Set(ended.map((row) => idOf('evt', row.event_id)))],
    lanes: [...new Set(inLanes.map((row) => idOf('ep', row.endpoint_id)))],
  };
}

function rangesOf(eventIds: string[]): OfEvents {
  const { lowest, highest, from, to } = deliveryRanges(eventIds);
  return [lowest, highest, eventIds.map(uuidOf), from, to];
}

/** The deliveries `d` of the events. An event finds its own in one look into the index. */
const deliveriesOf = (columns: string, where: string) => `
  unnest($1::uuid[], $2::uuid[], $3::uuid[]) as r (lowest, highest, event_id)
  cross join lateral (
    select ${columns} from deliveries
    where id between r.lowest and r.highest and event_id = r.event_id and id between $4 and $5 and ${where} offset 0
  ) d`;

/** A delivery whose request may be in flight keeps that in `leased_until`, which no ended delivery uses otherwise. */
async function endUnfinished(client: Client, ofEvents: OfEvents, as: string, message: string | null) {
  const { rows: found } = await client.query<{ id: string }>({
    text: `select d.id from ${deliveriesOf('id', `status = any($6) and status <> 'succeeded'`)}`,
    values: [...ofEvents, obeyedIn.cancel],
  });
  if (found.length === 0) return [];
  const { rows } = await client.query<{ event_id: string; endpoint_id: string; was: string }>({
    text: `
      with before as (
        select id, endpoint_id, status, next_attempt_at, leased_by from deliveries where id = any($1::uuid[]) and status = any($2) order by id for update
      )
      update deliveries d set status = $3, next_attempt_at = null, last_message = coalesce($4, last_message),
        leased_until = case
          when b.leased_by is not null or b.status in ('pending', 'retrying') and b.next_attempt_at <= now()
            or b.status = 'held' and exists (select from lanes l where l.endpoint_id = b.endpoint_id and l.state = 'awake')
          then now() + ${inFlightFor} end,
        unsignalled_since = case when own_workflow then clock_timestamp() else unsignalled_since end, updated_at = now()
      from before b where d.id = b.id and d.id = any($1::uuid[]) returning d.event_id, d.endpoint_id, b.status as was`,
    values: [found.map(({ id }) => id), obeyedIn.cancel, as, message],
  });
  return rows;
}

async function eraseExchanges(client: Client, ofEvents: OfEvents): Promise<void> {
  await client.query({
    text: `
      update attempts a set exchange = null
      from ${deliveriesOf('id', 'true')}
      cross join lateral (
        select id from attempts where delivery_id = d.id and delivery_id between $4 and $5 and exchange is not null offset 0
      ) x
      where a.delivery_id = d.id and a.id = x.id and a.delivery_id between $4 and $5`,
    values: ofEvents,
  });
}

/**
 * Erases the exchanges of their batches. A response may repeat any event of the batch, and is stored with the delivery of
 * another.
 */
async function eraseBatches(client: Client, ofEvents: OfEvents): Promise<void> {
  const { rows } = await client.query<{ batch_id: string }>({
    text: `
      select distinct x.batch_id
      from ${deliveriesOf('id', 'true')}
      cross join lateral (
        select batch_id from attempts where delivery_id = d.id and delivery_id between $4 and $5 and batch_id is not null offset 0
      ) x`,
    values: ofEvents,
  });
  if (rows.length === 0) return;
  await client.query({
    text: 'update attempts set exchange = null where batch_id = any($1::uuid[]) and batch_id is not null and exchange is not null',
    values: [rows.map((row) => row.batch_id)],
  });
  await eraseSandboxBatches(
    client,
    rows.map((row) => row.batch_id),
  );
}
