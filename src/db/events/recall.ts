// Recalls an event: nothing of it is sent any more, whatever state its deliveries are in, and whether they have rows yet or
// not. Every path that sends reads `events.recalled_at` or the list of recalls (docs/decisions/0045).
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import { notSent } from '#domain/deliveries/outcome';
import { deliveryId, deliveryRange, idOf, uuidOf } from '#domain/ids';
import { type Audit, appendAudit } from '../audit/audit.ts';
import { type Db, inTransaction } from '../store/pool.ts';
import { inFlightFor } from './erase-contents.ts';
import { cancelOfEvent } from './erasure.ts';
import { type EventToPlan, endpointsAtAcceptance, readEventToPlan, wantedBy } from './plan.ts';
import type { Opening } from './read-content.ts';

const pageSize = 500;
/** An event leaves the memory of a relay, attempted or not, long before. */
const listedForMs = { waiting: 3_600_000, planned: 60_000 };

export interface EventToRecall {
  tenantId: string;
  /** Internal. */
  eventId: string;
  /** The producer's id. */
  externalId: string;
}

/**
 * Marks the event as recalled, then cancels its deliveries, those included that have no row yet. Returns the endpoints whose
 * lanes held some, or may have been blocked by some. Safe to repeat: a repeat continues what was interrupted.
 *
 * The mark is committed first. A statement that plans, parks or attempts later sees it. One that began before is waited for
 * by the insert of the same row, and what it wrote is cancelled, or found recalled by the process that is to send it.
 */
export async function recallEvent(
  db: Db,
  contents: Opening,
  { tenantId, eventId, externalId }: EventToRecall,
  audit: Audit,
): Promise<string[]> {
  const waits = await inTransaction(db, async (client) => {
    const { rows } = await client.query<{ is_new: boolean; waits: boolean }>({
      text: `
        with before as (select id, recalled_at from events where id = $1 and tenant_id = $2 for update), marked as (
          update events e set recalled_at = now() from before b where e.id = $1 and b.recalled_at is null
        )
        select recalled_at is null as is_new, waits_for_plan(id) as waits from before`,
      values: [uuidOf(eventId), uuidOf(tenantId)],
    });
    const [found] = rows;
    if (!found) return false;
    await client.query({
      name: 'list_recall',
      text: `
        insert into recalls as r (event_id, until) values ($1, now() + $2::float8 * interval '1 millisecond')
        on conflict (event_id) do update set until = greatest(r.until, excluded.until)`,
      values: [uuidOf(eventId), found.waits ? listedForMs.waiting : listedForMs.planned],
    });
    const entry = { tenantId, target: { kind: 'event', id: externalId }, before: null, after: null };
    if (found.is_new) await appendAudit(client, audit, entry);
    return found.waits;
  });
  const event = waits ? await readEventToPlan(db, eventId) : null;
  if (event) await insertCancelled(db, contents, event);
  return cancelOfEvent(db, eventId);
}

/** Writes the rows of deliveries that nobody has planned yet. */
async function insertCancelled(db: Db, contents: Opening, event: EventToPlan): Promise<void> {
  for (let after: string | null = null; ; ) {
    const endpoints = await endpointsAtAcceptance(db, event, after, pageSize);
    const wanted = await wantedBy(db, contents, event, endpoints);
    if (wanted.length > 0) await insertPage(db, event, wanted);
    after = endpoints.at(-1)?.endpointId ?? null;
    if (endpoints.length < pageSize) return;
  }
}

async function insertPage(db: Db, { eventId, tenantId, type, expiresAt }: EventToPlan, endpointIds: string[]): Promise<void> {
  await db.query({
    name: 'insert_cancelled',
    text: `
      insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, expires_at, status, own_workflow, leased_until)
      select i.id, $3, i.endpoint_id, $4, $5, $6, 'cancelled', false, now() + ${inFlightFor}
      from unnest($1::uuid[], $2::uuid[]) as i (id, endpoint_id)
      order by i.id
      on conflict do nothing`,
    values: [
      endpointIds.map((endpointId) => uuidOf(deliveryId(eventId, endpointId))),
      endpointIds.map(uuidOf),
      ...[uuidOf(eventId), uuidOf(tenantId), type, expiresAt],
    ],
  });
}

export interface Recalled {
  endpointId: string;
  recalled: boolean;
  alreadySent: boolean;
  inFlight: boolean;
}

/** What became of each delivery of a recalled event, as far as is known now, in the order of ids. */
export async function readRecalled(db: Db, eventId: string): Promise<Recalled[]> {
  const { from, to } = deliveryRange(eventId);
  const { rows } = await db.query<RecalledRow>({
    text: `
      with e as materialized (select recalled_at, waits_for_plan(id) as waits from events where id = $1)
      select d.endpoint_id, d.status,
        -- planning that began before the recall inserts what it sees as recalled: only that is cancelled from its first moment
        coalesce(d.updated_at >= e.recalled_at or d.updated_at = d.created_at, false) as by_recall,
        -- an event leaves the outbox when all its first attempts are recorded or given up
        d.leased_until > now() and (d.created_at < e.recalled_at or e.waits) as leased,
        exists (
          select from attempts a where a.delivery_id = d.id and a.delivery_id between $2 and $3 and a.round = d.round and a.number = d.attempts + 1
        ) as ended,
        exists (
          select from attempts a where a.delivery_id = d.id and a.delivery_id between $2 and $3
            and a.outcome <> all($4) and (a.outcome <> 'timeout' or a.address is not null)
        ) as sent
      from deliveries d cross join e
      where d.id between $2 and $3 and d.event_id = $1
      order by d.id`,
    values: [uuidOf(eventId), from, to, notSent],
  });
  return rows.map((row) => ({
    endpointId: idOf('ep', row.endpoint_id),
    recalled: row.status === 'cancelled' && row.by_recall,
    alreadySent: row.sent,
    inFlight: row.status === 'cancelled' && row.leased === true && !row.ended,
  }));
}

interface RecalledRow {
  endpoint_id: string;
  status: DeliveryStatus;
  by_recall: boolean;
  leased: boolean | null;
  ended: boolean;
  sent: boolean;
}

/** Deletes recalls that nobody has to know any more. Returns how many; 0: none are left. */
export async function deleteOldRecalls(db: Db): Promise<number> {
  const { rowCount } = await db.query({
    name: 'delete_old_recalls',
    text: 'delete from recalls where event_id in (select event_id from recalls where until < now() limit 1000)',
  });
  return rowCount ?? 0;
}
