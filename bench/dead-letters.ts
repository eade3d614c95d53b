// Dead letters as rows, for benches of what is done with many of them, and a Posthorn that holds them.
import type pg from 'pg';
import type { DeliveryRef } from '#db/deliveries/delivery-refs';
import { deliveryId, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { benchKey } from './posthorn.ts';

const signalsAtOnce = 32;

/** Aborted by the main program when it should end. */
export const interrupted = new AbortController();

async function call(port: number, path: string, body: object): Promise<{ id: string }> {
  const headers = { authorization: `Bearer ${benchKey}`, 'content-type': 'application/json' };
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as { id: string };
}

/** Inserts dead letters of one endpoint as rows. How they came about does not affect the memory of their workflows. */
export async function makeDeadLetters(db: pg.Client, port: number, count: number): Promise<DeliveryRef[]> {
  const tenant = 'bench';
  await call(port, '/v1/tenants', { id: tenant, name: tenant });
  const { id: endpointId } = await call(port, `/v1/tenants/${tenant}/endpoints`, { url: 'http://127.0.0.1:9/hook' });
  const events = Array.from({ length: count }, () => newId('evt'));
  await db.query(
    `with made as (
      insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, accepted_at, position)
      select e.id, t.id, e.id::text, 'order.created', '{}', '{}', 't', now(), nextval('event_position')
      from tenants t, unnest($1::uuid[]) as e (id) where t.external_id = $2 returning id, tenant_id
    )
    insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts, last_outcome, own_workflow)
    select d.id, d.event_id, $4, m.tenant_id, 'order.created', 'dead_lettered', 9, 'http_status', true
    from unnest($3::uuid[], $1::uuid[]) as d (id, event_id) join made m on m.id = d.event_id`,
    [events.map(uuidOf), tenant, events.map((id) => uuidOf(deliveryId(id, endpointId))), uuidOf(endpointId)],
  );
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

/** Calls `act` for each item, 32 at once. All calls have ended when it returns or throws. */
export async function inTurns<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  const one = async () => {
    for (const item of rest) {
      interrupted.signal.throwIfAborted();
      await act(item);
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: signalsAtOnce }, one));
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
}
