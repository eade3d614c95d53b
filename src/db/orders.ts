// Orders to a delivery: each is one conditional update of its row that says whether it was obeyed and what the row is now.
import { type DeliveryStatus, type Order, obeyedIn } from '../domain/delivery.ts';
import { uuidOf } from '../domain/ids.ts';
import type { Db } from './pool.ts';

export interface OrderResult {
  obeyed: boolean;
  status: DeliveryStatus;
  /** How many orders from outside its workflow the delivery has been given: what `orderTold` wants to know. */
  orders: number;
}

/**
 * Null: no such delivery. An order given twice (a replay by its `replayId`) is obeyed once and says `obeyed` both times.
 * From `outside` its workflow the order is counted, until `orderTold` says that the workflow knows.
 */
export async function obeyOrder(db: Db, deliveryId: string, order: Order, from: 'outside' | 'workflow'): Promise<OrderResult | null> {
  const values = [uuidOf(deliveryId), obeyedIn[order.kind], from === 'outside' ? 1 : 0];
  switch (order.kind) {
    case 'cancel':
      return one(db, 'order_cancel', cancel, values);
    case 'retry-now':
      return one(db, 'order_retry_now', retryNow, values);
    case 'replay':
      return one(db, 'order_replay', replay, [...values, order.replayId]);
    case 'release':
      return one(db, 'order_release', release, values);
  }
}

/** The workflow has been told of the orders up to this one. */
export async function orderTold(db: Db, deliveryId: string, orders: number): Promise<void> {
  await db.query({
    name: 'order_told',
    text: 'update deliveries set orders_told = greatest(orders_told, $2) where id = $1',
    values: [uuidOf(deliveryId), orders],
  });
}

const cancel = `
  with before as (select id, status, orders from deliveries where id = $1 for update),
  changed as (
    update deliveries d set status = 'cancelled', next_attempt_at = null, orders = d.orders + $3, updated_at = now()
    from before b where d.id = $1 and b.status = any($2) returning d.status, d.orders)
  select coalesce(c.status, b.status) as status, coalesce(c.orders, b.orders) as orders, c.status is not null or b.status = 'cancelled' as obeyed
  from before b left join changed c on true`;

const retryNow = `
  with before as (select id, status, orders from deliveries where id = $1 for update),
  changed as (
    update deliveries d set next_attempt_at = now(), orders = d.orders + $3, updated_at = now()
    from before b where d.id = $1 and b.status = any($2) returning d.status, d.orders)
  select coalesce(c.status, b.status) as status, coalesce(c.orders, b.orders) as orders, c.status is not null as obeyed
  from before b left join changed c on true`;

// what goes to an endpoint that was deleted stays as it is: there is nowhere to send it
const replay = `
  with before as (
    select d.id, d.status, d.replay_id, d.orders, p.deleted_at is null as sendable
    from deliveries d join endpoints p on p.id = d.endpoint_id where d.id = $1 for update of d),
  changed as (
    update deliveries d set status = 'retrying', round = d.round + 1, attempts = 0, faults = 0, next_attempt_at = now(), expires_at = null,
      replay_id = $4, orders = d.orders + $3, own_workflow = true, updated_at = now()
    from before b where d.id = $1 and b.status = any($2) and b.sendable and b.replay_id is distinct from $4 returning d.status, d.orders)
  select coalesce(c.status, b.status) as status, coalesce(c.orders, b.orders) as orders,
    c.status is not null or b.replay_id is not distinct from $4 as obeyed
  from before b left join changed c on true`;

const release = `
  with before as (select id, status, orders from deliveries where id = $1 for update),
  changed as (
    update deliveries d set status = 'retrying', faults = 0, next_attempt_at = now(), orders = d.orders + $3, updated_at = now()
    from before b where d.id = $1 and b.status = any($2) returning d.status, d.orders)
  select coalesce(c.status, b.status) as status, coalesce(c.orders, b.orders) as orders, c.status is not null as obeyed
  from before b left join changed c on true`;

async function one(db: Db, name: string, text: string, values: unknown[]): Promise<OrderResult | null> {
  const { rows } = await db.query<OrderResult>({ name, text, values });
  return rows[0] ?? null;
}
