// Erasure: deletes the content of an event, and the requests and responses of its attempts. That the
// event existed, when, and what became of it stays.
import { obeyedIn } from '#domain/deliveries/delivery';
import { deliveryRange, idOf, uuidOf } from '#domain/ids';
import { type Audit, appendAudit, audited } from '../audit/audit.ts';
import { type Db, inTransaction } from '../store/pool.ts';

/** The internal id of an event, by the producer's id. Null: no such event. */
export async function findEvent(db: Db, tenantId: string, externalId: string): Promise<string | null> {
  const { rows } = await db.query<{ event_id: string }>({
    name: 'find_event',
    text: 'select i.event_id from event_ids i join events e on e.id = i.event_id where i.tenant_id = $1 and i.external_id = $2',
    values: [uuidOf(tenantId), externalId],
  });
  return rows[0] ? idOf('evt', rows[0].event_id) : null;
}

interface Asked {
  audit: Audit;
  tenantId: string;
  externalId: string;
}

/**
 * Erases an event and cancels its unfinished deliveries. Returns the endpoints whose lanes held some, or may have been
 * blocked by some. Safe to repeat.
 *
 * What if an attempt is in flight? It ends normally and is recorded; upkeep erases its exchange later. Upkeep also
 * erases anything that a relay wrote meanwhile for an event in its memory. It repeats each erasure until nothing of the
 * event can be written any more, and records that in the event's row.
 */
export function eraseEvent(db: Db, eventId: string, asked?: Asked): Promise<string[]> {
  const { from, to } = deliveryRange(eventId);
  return inTransaction(db, (client) => eraseIn(client, [from, to, uuidOf(eventId)], asked));
}

/** The range of the ids of its deliveries, which selects the partitions, and the event. */
type OfEvent = [from: string, to: string, event: string];

async function eraseIn(client: Pick<Db, 'query'>, ofEvent: OfEvent, asked: Asked | undefined): Promise<string[]> {
  const { rowCount } = await client.query({
    name: 'erase_event',
    text: `update events set body = '', subject_hash = null, trace_context = null, erased_at = now() where id = $1 and erased_at is null`,
    values: [ofEvent[2]],
  });
  const { rows } = await client.query<{ endpoint_id: string }>({
    name: 'cancel_of_event',
    text: `
      with before as (
        select id, status from deliveries where id between $1 and $2 and event_id = $3 and status = any($4) order by id for update
      ), cancelled as (
        update deliveries d set status = 'cancelled', next_attempt_at = null, 
          unsignalled_since = case when own_workflow then clock_timestamp() else unsignalled_since end, updated_at = now()
        from before b where d.id = b.id and d.id between $1 and $2 returning d.endpoint_id, b.status
      )
      select distinct endpoint_id from cancelled where status in ('held', 'dead_lettered', 'quarantined')`,
    values: [...ofEvent, obeyedIn.cancel],
  });
  await client.query({
    name: 'erase_exchanges',
    text: `
      update attempts a set exchange = null
      from deliveries d
      where a.delivery_id between $1 and $2 and d.id between $1 and $2 and a.delivery_id = d.id and d.event_id = $3
        and a.exchange is not null`,
    values: ofEvent,
  });
  await eraseBatches(client, ofEvent);
  if (asked && rowCount !== 0) {
    const { audit, tenantId, externalId } = asked;
    await appendAudit(client, audit, { tenantId, target: { kind: 'event', id: externalId }, before: null, after: null });
  }
  return rows.map((row) => idOf('ep', row.endpoint_id));
}

/**
 * Erases the exchanges of its batches. A response may repeat any event of the batch, and is stored with the delivery
 * of another.
 */
async function eraseBatches(client: Pick<Db, 'query'>, ofEvent: OfEvent): Promise<void> {
  const { rows } = await client.query<{ batch_id: string }>({
    name: 'batches_of_event',
    text: `
      select distinct a.batch_id from attempts a join deliveries d on d.id = a.delivery_id
      where a.delivery_id between $1 and $2 and d.id between $1 and $2 and d.event_id = $3 and a.batch_id is not null`,
    values: ofEvent,
  });
  if (rows.length === 0) return;
  await client.query({
    name: 'erase_batch_exchanges',
    text: 'update attempts set exchange = null where batch_id = any($1::uuid[]) and batch_id is not null and exchange is not null',
    values: [rows.map((row) => row.batch_id)],
  });
}

export interface SubjectOf {
  tenantId: string;
  subjectHash: Uint8Array;
}

/** The events of a subject up to the time of the request, as PostgreSQL writes it; later events are not included. */
export interface ErasureOrder extends SubjectOf {
  askedAt: string;
}

/**
 * Records that all events of a subject have to be erased, until `subjectErased`. A repeat extends it to all events up
 * to then.
 */
export async function askToErase(db: Db, { tenantId, subjectHash }: SubjectOf, audit?: Audit): Promise<ErasureOrder> {
  return audited(db, audit, async (client) => {
    const { rows } = await client.query<{ asked_at: string }>({
      name: 'ask_to_erase',
      text: `
        insert into erasures as e (tenant_id, subject_hash) values ($1, $2)
        on conflict (tenant_id, subject_hash) do update set asked_at = greatest(e.asked_at, excluded.asked_at) returning asked_at::text`,
      values: [uuidOf(tenantId), subjectHash],
    });
    const order = { tenantId, subjectHash, askedAt: rows[0]?.asked_at ?? '-infinity' };
    // the subject itself must not appear in the log
    const target = { kind: 'subject', id: Buffer.from(subjectHash).toString('hex').slice(0, 16) };
    return { result: order, entry: { tenantId, target, before: null, after: null } };
  });
}

/** Deletes the request after all events up to its time were erased. A later request for the subject stays. */
export async function subjectErased(db: Db, { tenantId, subjectHash, askedAt }: ErasureOrder): Promise<void> {
  await db.query({
    name: 'subject_erased',
    text: 'delete from erasures where tenant_id = $1 and subject_hash = $2 and asked_at <= $3::timestamptz',
    values: [uuidOf(tenantId), subjectHash, askedAt],
  });
}

/** Erasures that are requested and not finished, oldest first. */
export async function unfinishedErasures(db: Db, limit: number): Promise<ErasureOrder[]> {
  const { rows } = await db.query<{ tenant_id: string; subject_hash: Buffer; asked_at: string }>({
    name: 'unfinished_erasures',
    text: 'select tenant_id, subject_hash, asked_at::text as asked_at from erasures e order by e.asked_at limit $1',
    values: [limit],
  });
  return rows.map((row) => ({ tenantId: idOf('tnt', row.tenant_id), subjectHash: row.subject_hash, askedAt: row.asked_at }));
}

/** Events about the subject that are not erased: all, or those accepted by the time of the request. */
export async function eventsOfSubject(db: Db, subject: SubjectOf | ErasureOrder, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'events_of_subject',
    text: `
      select id from events
      where tenant_id = $1 and subject_hash = $2 and erased_at is null and accepted_at <= $4::timestamptz
      order by id limit $3`,
    values: [uuidOf(subject.tenantId), subject.subjectHash, limit, 'askedAt' in subject ? subject.askedAt : 'infinity'],
  });
  return rows.map((row) => idOf('evt', row.id));
}

export interface Erased {
  eventId: string;
  /** Nothing of it can be written any more: it was erased 12 hours ago, and no relay and no dispatch has it. */
  final: boolean;
}

/** Erased events for which something may have been written since, in the order of ids, after `after`. */
export async function eventsToEraseAgain(db: Db, after: string | null, limit: number): Promise<Erased[]> {
  const { rows } = await db.query<{ id: string; final: boolean }>({
    name: 'events_to_erase_again',
    text: `
      select e.id, e.erased_at < now() - interval '12 hours'
        and not exists (select from outbox o where o.event_id = e.id)
        and not exists (select from dispatches d where d.done_at is null and e.id = any(d.event_ids)) as final
      from events e
      where e.erased_at is not null and e.erased_again_at is null and e.id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
      order by e.id limit $2`,
    values: [after && uuidOf(after), limit],
  });
  return rows.map((row) => ({ eventId: idOf('evt', row.id), final: row.final }));
}

/** Records that these events were final, and were erased once more after that. */
export async function erasedForGood(db: Db, eventIds: string[]): Promise<void> {
  if (eventIds.length === 0) return;
  // not prepared by name, so that the ids select the partitions
  await db.query({ text: 'update events set erased_again_at = now() where id = any($1::uuid[])', values: [eventIds.map(uuidOf)] });
}
