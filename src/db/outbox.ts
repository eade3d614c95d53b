// The outbox: accepted events that no dispatch guards yet, each owned by a relay or by nobody.
import { idOf, uuidOf } from '../domain/ids.ts';
import type { Db } from './pool.ts';

export interface OutboxRow {
  eventId: string;
  tenantId: string;
  /** The tenant's external id and the event's type, for what Temporal shows of its dispatch. */
  tenant: string;
  eventType: string;
}

/** Takes rows of nobody, and of relays not seen for 5 s, for this relay; oldest first. Two relays never get the same row. */
export async function takeOutboxRows(db: Db, relayId: string, limit: number): Promise<OutboxRow[]> {
  const { rows } = await db.query<Row>({
    name: 'take_outbox_rows',
    text: `
      update outbox set owner = $1
      from events e, tenants t
      where e.id = outbox.event_id and t.id = outbox.tenant_id and event_id in (
        select event_id from outbox o
        where owner is null or not exists (select from relays r where r.id = o.owner and r.seen > now() - interval '5 seconds')
        order by event_id limit $2
        for update skip locked)
      returning event_id, outbox.tenant_id, t.external_id as tenant, e.type as event_type`,
    values: [uuidOf(relayId), limit],
  });
  return rows.map(toOutboxRow);
}

/** What this relay owns already, oldest first. */
export async function ownOutboxRows(db: Db, relayId: string, limit: number): Promise<OutboxRow[]> {
  const { rows } = await db.query<Row>({
    name: 'own_outbox_rows',
    text: `
      select event_id, o.tenant_id, t.external_id as tenant, e.type as event_type
      from outbox o join events e on e.id = o.event_id join tenants t on t.id = o.tenant_id
      where owner = $1 order by event_id limit $2`,
    values: [uuidOf(relayId), limit],
  });
  return rows.map(toOutboxRow);
}

interface Row {
  event_id: string;
  tenant_id: string;
  tenant: string;
  event_type: string;
}

function toOutboxRow(row: Row): OutboxRow {
  return { eventId: idOf('evt', row.event_id), tenantId: idOf('tnt', row.tenant_id), tenant: row.tenant, eventType: row.event_type };
}
