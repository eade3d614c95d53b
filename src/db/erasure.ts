// Erasure: what an event said, and what endpoints answered to it, is gone; that it was, when, and what became of it stays.
//
// What if an attempt is under way? It ends as it would, and is recorded; what the endpoint answered is then erased by upkeep, as is whatever a relay wrote
// meanwhile of an event that it still had in memory.
import { obeyedIn } from '../domain/delivery.ts';
import { deliveryRange, idOf, uuidOf } from '../domain/ids.ts';
import { type Audit, appendAudit, audited } from './audit.ts';
import { type Db, inTransaction } from './pool.ts';

/** The internal id of an event, by the producer's. Null: no such event. */
export async function findEvent(db: Db, tenantId: string, externalId: string): Promise<string | null> {
  const { rows } = await db.query<{ event_id: string }>({
    name: 'find_event',
    text: 'select i.event_id from event_ids i join events e on e.id = i.event_id where i.tenant_id = $1 and i.external_id = $2',
    values: [uuidOf(tenantId), externalId],
  });
  return rows[0] ? idOf('evt', rows[0].event_id) : null;
}

/** Erases it and cancels what is unfinished of it; returns the endpoints whose lanes held some, or may have been blocked by some. Harmless to repeat. */
export function eraseEvent(db: Db, eventId: string, asked?: { audit: Audit; tenantId: string; externalId: string }): Promise<string[]> {
  const { from, to } = deliveryRange(eventId);
  const event = uuidOf(eventId);
  return inTransaction(db, async (client) => {
    const { rowCount } = await client.query({
      name: 'erase_event',
      text: `update events set body = '', subject_hash = null, erased_at = now() where id = $1 and erased_at is null`,
      values: [event],
    });
    const { rows } = await client.query<{ endpoint_id: string }>({
      name: 'cancel_of_event',
      text: `
        with before as (
          select id, status from deliveries where id between $1 and $2 and event_id = $3 and status = any($4) order by id for update
        ), cancelled as (
          update deliveries d set status = 'cancelled', next_attempt_at = null, orders = orders + own_workflow::int, updated_at = now()
          from before b where d.id = b.id and d.id between $1 and $2 returning d.endpoint_id, b.status
        )
        select distinct endpoint_id from cancelled where status in ('held', 'dead_lettered', 'quarantined')`,
      values: [from, to, event, obeyedIn.cancel],
    });
    await client.query({
      name: 'erase_responses',
      text: `
        update attempts a set response = null, response_headers = null, response_body = null
        from deliveries d
        where a.delivery_id between $1 and $2 and d.id between $1 and $2 and a.delivery_id = d.id and d.event_id = $3
          and (a.response is not null or a.response_body is not null)`,
      values: [from, to, event],
    });
    if (asked && rowCount !== 0) {
      const { audit, tenantId, externalId } = asked;
      await appendAudit(client, audit, { tenantId, target: { kind: 'event', id: externalId }, before: null, after: null });
    }
    return rows.map((row) => idOf('ep', row.endpoint_id));
  });
}

export interface SubjectOf {
  tenantId: string;
  subjectHash: Uint8Array;
}

/** Keeps in mind that all of a subject is to be erased, until `subjectErased`. */
export async function askToErase(db: Db, { tenantId, subjectHash }: SubjectOf, audit?: Audit): Promise<void> {
  await audited(db, audit, async (client) => {
    const { rowCount } = await client.query({
      name: 'ask_to_erase',
      text: 'insert into erasures (tenant_id, subject_hash) values ($1, $2) on conflict do nothing',
      values: [uuidOf(tenantId), subjectHash],
    });
    // the subject itself is nobody's to read
    const target = { kind: 'subject', id: Buffer.from(subjectHash).toString('hex').slice(0, 16) };
    return { result: undefined, entry: rowCount === 0 ? null : { tenantId, target, before: null, after: null } };
  });
}

export async function subjectErased(db: Db, { tenantId, subjectHash }: SubjectOf): Promise<void> {
  await db.query({
    name: 'subject_erased',
    text: 'delete from erasures where tenant_id = $1 and subject_hash = $2',
    values: [uuidOf(tenantId), subjectHash],
  });
}

/** What was asked to be erased and is not finished, the oldest first. */
export async function unfinishedErasures(db: Db, limit: number): Promise<SubjectOf[]> {
  const { rows } = await db.query<{ tenant_id: string; subject_hash: Buffer }>({
    name: 'unfinished_erasures',
    text: 'select tenant_id, subject_hash from erasures order by asked_at limit $1',
    values: [limit],
  });
  return rows.map((row) => ({ tenantId: idOf('tnt', row.tenant_id), subjectHash: row.subject_hash }));
}

/** Events about the subject that are not erased. */
export async function eventsOfSubject(db: Db, { tenantId, subjectHash }: SubjectOf, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'events_of_subject',
    text: 'select id from events where tenant_id = $1 and subject_hash = $2 order by id limit $3',
    values: [uuidOf(tenantId), subjectHash, limit],
  });
  return rows.map((row) => idOf('evt', row.id));
}

/** Events erased since upkeep last looked, after `after`: something of them may have been written since. */
export async function eventsErasedLately(db: Db, after: string | null, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'events_erased_lately',
    text: `
      select id from events
      where erased_at > now() - interval '13 hours' and id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
      order by id limit $2`,
    values: [after && uuidOf(after), limit],
  });
  return rows.map((row) => idOf('evt', row.id));
}
