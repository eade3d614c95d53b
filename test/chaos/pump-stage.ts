// Deliveries without a workflow for chaos tests: rows as a record writes them when there is no room in Temporal.
import { deliveryId, idOf, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import type { Stage } from './stage.ts';

/** Inserts an event with this id, and its delivery to the tenant's only endpoint: it was refused once and is due. */
export async function insertPumped(stage: Stage, tenant: string, id: string): Promise<string> {
  const [endpoint] = await stage.query<{ id: string; tenant_id: string }>(
    'select p.id, p.tenant_id from endpoints p join tenants t on t.id = p.tenant_id where t.external_id = $1',
    [tenant],
  );
  if (!endpoint) throw new Error(`tenant ${tenant} has no endpoint`);
  const eventId = newId('evt');
  await stage.query(
    `insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, accepted_at, position)
     values ($1, $2, $3, 'order.created', '{}', '{}', '', now(), nextval('event_position'))`,
    [uuidOf(eventId), endpoint.tenant_id, id],
  );
  const delivery = deliveryId(eventId, idOf('ep', endpoint.id));
  await stage.query(
    `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts, next_attempt_at, pumped, own_workflow)
     values ($1, $2, $3, $4, 'order.created', 'retrying', 1, now(), true, false)`,
    [uuidOf(delivery), uuidOf(eventId), endpoint.id, endpoint.tenant_id],
  );
  return delivery;
}

/** Makes the pumps look now. */
export const nudgePumps = (stage: Stage) => stage.query(`select pg_notify('posthorn_outbox', 'pump')`);

/** The deliveries in an order that names them by event. `recorded`: their attempts. */
export const pumpedRows = (stage: Stage) =>
  stage.query<{ id: string; status: string; attempts: number; leased: boolean; recorded: number }>(
    `select e.external_id as id, d.status, d.attempts, d.leased_by is not null as leased,
       (select count(*)::int from attempts a where a.delivery_id = d.id) as recorded
     from deliveries d join events e on e.id = d.event_id order by e.external_id`,
  );
