// Unfinished deliveries as rows, for benches of what is done with many of them, or beside them.
import type pg from 'pg';
import type { DeliveryRef } from '#db/deliveries/delivery-refs';
import { deliveryId, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { benchKey } from './posthorn.ts';

async function call(port: number, path: string, body: object): Promise<{ id: string }> {
  const headers = { authorization: `Bearer ${benchKey}`, 'content-type': 'application/json' };
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as { id: string };
}

/** Inserts these events, and a delivery of each to one endpoint. */
export async function insertDeliveries(
  db: pg.Client,
  { tenant, endpointId, events, state }: { tenant: string; endpointId: string; events: readonly string[]; state: RowState },
): Promise<void> {
  await db.query(
    `with made as (
      insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, accepted_at, position)
      select e.id, t.id, e.id::text, 'order.created', '{}', '{}', 't', now(), nextval('event_position')
      from tenants t, unnest($1::uuid[]) as e (id) where t.external_id = $2 returning id, tenant_id
    )
    insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts, next_attempt_at, last_outcome, own_workflow, pumped)
    select d.id, d.event_id, $4, m.tenant_id, 'order.created', $5, $6, now() + $7::interval, 'http_status', not $8, $8
    from unnest($3::uuid[], $1::uuid[]) as d (id, event_id) join made m on m.id = d.event_id`,
    [
      events.map(uuidOf),
      tenant,
      events.map((id) => uuidOf(deliveryId(id, endpointId))),
      uuidOf(endpointId),
      state.status,
      state.attempts,
      state.due,
      state.pumped,
    ],
  );
}

export interface RowState {
  status: 'retrying' | 'dead_lettered';
  attempts: number;
  /** Of the next attempt, as an interval from now. Null: none is planned. */
  due: string | null;
  /** The relays attempt it, without a workflow. */
  pumped: boolean;
}

/** Inserts dead letters of one endpoint as rows. How they came about does not affect the memory of their workflows. */
export async function makeDeadLetters(db: pg.Client, port: number, count: number): Promise<DeliveryRef[]> {
  const tenant = 'bench';
  await call(port, '/v1/tenants', { id: tenant, name: tenant });
  const { id: endpointId } = await call(port, `/v1/tenants/${tenant}/endpoints`, { url: 'http://127.0.0.1:9/hook' });
  const events = Array.from({ length: count }, () => newId('evt'));
  await insertDeliveries(db, { tenant, endpointId, events, state: { status: 'dead_lettered', attempts: 9, due: null, pumped: false } });
  return events.map((id) => ({
    deliveryId: deliveryId(id, endpointId),
    status: 'dead_lettered',
    round: 1,
    tenant,
    endpointId,
    endpointHost: '127.0.0.1',
    eventType: 'order.created',
  }));
}
