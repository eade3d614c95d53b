// Days of the past with events, deliveries and attempts, as an installation has them that has run for so long.
import { randomBytes } from 'node:crypto';
import type { Db } from '#db/store/pool';
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import { deliveryId, makeId, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';

const dayMs = 86_400_000;

export interface OldEvent {
  eventId: string;
  deliveryId: string;
  /** `2026-08-31`. */
  day: string;
}

export interface OldEventOptions {
  tenantId: string;
  endpointId: string;
  daysAgo: number;
  status?: DeliveryStatus;
  deliverAtDaysAgo?: number;
  ownWorkflow?: boolean;
  /** False: Posthorn does not start on the row of an endpoint that is not encrypted. */
  withEndpoint?: boolean;
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** Creates the partitions of that day. */
export async function makeOldDay(db: Db, daysAgo: number): Promise<string> {
  const day = dayOf(Date.now() - daysAgo * dayMs);
  for (const parent of ['events', 'deliveries', 'attempts']) await db.query('select make_partition($1, $2::date)', [parent, day]);
  return day;
}

/** Inserts an event of that day with its id, a delivery and an attempt with an exchange. */
export async function insertOldEvent(db: Db, of: OldEventOptions): Promise<OldEvent> {
  const { tenantId, endpointId, daysAgo, status = 'succeeded', deliverAtDaysAgo, ownWorkflow = false, withEndpoint = true } = of;
  const at = new Date(Date.now() - daysAgo * dayMs);
  const day = await makeOldDay(db, daysAgo);
  const eventId = makeId('evt', at.getTime(), randomBytes(10));
  const delivery = deliveryId(eventId, endpointId);
  const deliverAt = deliverAtDaysAgo === undefined ? null : new Date(Date.now() - deliverAtDaysAgo * dayMs);
  await db.query('insert into tenants (id, external_id, name) values ($1, $2, $2) on conflict do nothing', [uuidOf(tenantId), tenantId]);
  if (withEndpoint)
    await db.query(`insert into endpoints (id, tenant_id, sealed, host) values ($1, $2, '', 'x') on conflict do nothing`, [
      uuidOf(endpointId),
      uuidOf(tenantId),
    ]);
  await db.query(
    `insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, accepted_at, position, deliver_at)
     values ($1, $2, $3, 'order.created', '{}', 'secret', '', $4, nextval('event_position'), $5)`,
    [uuidOf(eventId), uuidOf(tenantId), eventId, at, deliverAt],
  );
  await db.query(`insert into event_ids (tenant_id, external_id, event_id, content_hash) values ($1, $2, $3, '')`, [
    uuidOf(tenantId),
    eventId,
    uuidOf(eventId),
  ]);
  await db.query(
    `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts, own_workflow, created_at, updated_at, next_attempt_at)
     values ($1, $2, $3, $4, 'order.created', $5, 1, $6, $7, $7, case when $5 in ('pending', 'retrying', 'held') then now() + interval '1 hour' end)`,
    [uuidOf(delivery), uuidOf(eventId), uuidOf(endpointId), uuidOf(tenantId), status, ownWorkflow, at],
  );
  await db.query(
    `insert into attempts (id, delivery_id, round, number, started_at, outcome, message, exchange, total_ms) values ($1, $2, 1, 1, $3, 'accepted', '', 'secret', 1)`,
    [uuidOf(newId('att')), uuidOf(delivery), at],
  );
  return { eventId, deliveryId: delivery, day };
}

/** The tables of this day, attached or not. */
export async function tablesOfDay(db: Db, day: string): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relname ~ $1 order by 1`,
    [`_${day.replaceAll('-', '')}$`],
  );
  return rows.map(({ name }) => name);
}
