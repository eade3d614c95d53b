// Erases payloads that are older than their tenant wants them kept (`retention.payloadDays`). Each tenant has a mark up to
// which its events were looked at, so each event is read once.
import { firstUuidAt, idOf, uuidOf } from '#domain/ids';
import { type Db, inTransaction } from '../store/pool.ts';
import { eraseContents } from './erase-contents.ts';

const dayMs = 86_400_000;

export interface TenantToErase {
  tenantId: string;
  payloadDays: number;
  /** Events accepted before this time, in Unix milliseconds of the database's clock, are due. */
  dueBeforeMs: number;
}

/** The tenants with such a limit, deleted ones too, in the order of ids, after `after`. */
export async function tenantsWithPayloadDays(db: Db, after: string | null, limit: number): Promise<TenantToErase[]> {
  const { rows } = await db.query<{ id: string; payload_days: number; now_ms: number }>({
    name: 'tenants_with_payload_days',
    text: `
      select id, payload_days, (extract(epoch from now()) * 1000)::float8 as now_ms from tenants
      where payload_days is not null and id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
      order by id limit $2`,
    values: [after && uuidOf(after), limit],
  });
  return rows.map(({ id, payload_days, now_ms }) => ({
    tenantId: idOf('tnt', id),
    payloadDays: payload_days,
    dueBeforeMs: now_ms - payload_days * dayMs,
  }));
}

export interface ErasedPage {
  erased: number;
  /** The endpoints whose lanes held deliveries that expired, or may have been blocked by some. */
  lanes: string[];
  /** There may be more. */
  more: boolean;
}

/**
 * Erases the next page of a tenant and moves its mark, in one transaction: interrupted, it is done again. Scheduled events
 * are noted for `erasePayloadsScheduled`. `since`: no older event exists.
 */
export function erasePayloads(
  db: Db,
  { tenantId, payloadDays, dueBeforeMs }: TenantToErase,
  since: string,
  limit: number,
): Promise<ErasedPage> {
  return inTransaction(db, async (client) => {
    const tenant = uuidOf(tenantId);
    const mark = await client.query<{ after: string }>({
      name: 'payloads_erased_to',
      text: 'select greatest(payloads_erased_to, $2::uuid) as after from tenants where id = $1',
      values: [tenant, since],
    });
    const { rows } = await client.query<{ id: string; deliver_at: Date | null; erased: boolean }>({
      // not prepared by name, so that the bounds select the partitions
      text: `
        select id, deliver_at, erased_at is not null as erased from events
        where tenant_id = $1 and id > $2 and id < $3 order by id limit $4`,
      values: [tenant, mark.rows[0]?.after ?? since, firstUuidAt(dueBeforeMs), limit],
    });
    const isLater = (deliverAt: Date | null) => deliverAt !== null && deliverAt.getTime() >= dueBeforeMs;
    const later = rows.filter(({ deliver_at, erased }) => !erased && isLater(deliver_at));
    const due = rows.filter(({ deliver_at, erased }) => !erased && !isLater(deliver_at));
    await client.query({
      name: 'note_payloads_to_erase',
      text: `
        insert into payloads_to_erase (event_id, tenant_id, deliver_at)
        select i.id, $1, i.at from unnest($2::uuid[], $3::timestamptz[]) as i (id, at) order by i.id on conflict do nothing`,
      values: [tenant, later.map(({ id }) => id), later.map(({ deliver_at }) => deliver_at)],
    });
    const result = await erase(
      client,
      due.map(({ id }) => id),
      payloadDays,
    );
    const last = rows.at(-1);
    if (last)
      await client.query({
        name: 'move_payload_mark',
        text: 'update tenants set payloads_erased_to = greatest(payloads_erased_to, $2::uuid) where id = $1',
        values: [tenant, last.id],
      });
    return { ...result, more: rows.length === limit };
  });
}

/** The same for scheduled events that were noted, once their time is so long ago. */
export function erasePayloadsScheduled(db: Db, { tenantId, payloadDays, dueBeforeMs }: TenantToErase, limit: number): Promise<ErasedPage> {
  return inTransaction(db, async (client) => {
    const { rows } = await client.query<{ event_id: string }>({
      name: 'take_payloads_to_erase',
      text: `
        delete from payloads_to_erase where event_id in (
          select event_id from payloads_to_erase where tenant_id = $1 and deliver_at < to_timestamp($2::float8 / 1000)
          order by deliver_at limit $3)
        returning event_id`,
      values: [uuidOf(tenantId), dueBeforeMs, limit],
    });
    const result = await erase(client, rows.map(({ event_id }) => event_id).sort(), payloadDays);
    return { ...result, more: rows.length === limit };
  });
}

async function erase(client: Pick<Db, 'query'>, ids: string[], payloadDays: number): Promise<Omit<ErasedPage, 'more'>> {
  const message = `its payload was erased after ${payloadDays} days, as the tenant's retention.payloadDays says`;
  const events = ids.map((id) => idOf('evt', id));
  const { erased, unfinished, lanes } = await eraseContents(client, events, 'expired', message);
  const written = new Set(unfinished);
  // Nothing is written for an event whose deliveries were finished. Upkeep erases the others again, as after any erasure.
  await client.query({
    text: `
      update events e set erased_again_at = now() where e.id = any($1::uuid[])
        and not exists (select from outbox o where o.event_id = e.id)
        and not exists (select from dispatches d where d.done_at is null and e.id = any(d.event_ids))`,
    values: [erased.filter((id) => !written.has(id)).map(uuidOf)],
  });
  return { erased: erased.length, lanes };
}
