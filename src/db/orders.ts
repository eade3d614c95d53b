// Orders to a delivery: each is one conditional update of its row that says whether it was obeyed and what the row is now.
import { type DeliveryStatus, type Order, obeyedIn } from '../domain/delivery.ts';
import { uuidOf } from '../domain/ids.ts';
import type { Db } from './pool.ts';

export interface OrderResult {
  obeyed: boolean;
  status: DeliveryStatus;
}

/** Null: no such delivery. An order given twice (a replay by its `replayId`) is obeyed once and says `obeyed` both times. */
export async function obeyOrder(db: Db, deliveryId: string, order: Order): Promise<OrderResult | null> {
  const id = uuidOf(deliveryId);
  switch (order.kind) {
    case 'cancel':
      return one(db, 'order_cancel', cancel, [id, obeyedIn.cancel]);
    case 'retry-now':
      return one(db, 'order_retry_now', retryNow, [id, obeyedIn['retry-now']]);
    case 'replay':
      return one(db, 'order_replay', replay, [id, obeyedIn.replay, order.replayId]);
    case 'release':
      return one(db, 'order_release', release, [id, obeyedIn.release]);
  }
}

const cancel = `
  with before as (select id, status from deliveries where id = $1 for update),
  changed as (
    update deliveries d set status = 'cancelled', next_attempt_at = null, updated_at = now()
    from before b where d.id = $1 and b.status = any($2) returning d.status)
  select coalesce(c.status, b.status) as status, c.status is not null or b.status = 'cancelled' as obeyed from before b left join changed c on true`;

const retryNow = `
  with before as (select id, status from deliveries where id = $1 for update),
  changed as (
    update deliveries d set next_attempt_at = now(), updated_at = now()
    from before b where d.id = $1 and b.status = any($2) returning d.status)
  select coalesce(c.status, b.status) as status, c.status is not null as obeyed from before b left join changed c on true`;

const replay = `
  with before as (select id, status, replay_id from deliveries where id = $1 for update),
  changed as (
    update deliveries d set status = 'retrying', round = d.round + 1, attempts = 0, faults = 0, next_attempt_at = now(), expires_at = null,
      replay_id = $3, updated_at = now()
    from before b where d.id = $1 and b.status = any($2) and b.replay_id is distinct from $3 returning d.status)
  select coalesce(c.status, b.status) as status, c.status is not null or b.replay_id is not distinct from $3 as obeyed
  from before b left join changed c on true`;

const release = `
  with before as (select id, status from deliveries where id = $1 for update),
  changed as (
    update deliveries d set status = 'retrying', faults = 0, next_attempt_at = now(), updated_at = now()
    from before b where d.id = $1 and b.status = any($2) returning d.status)
  select coalesce(c.status, b.status) as status, c.status is not null as obeyed from before b left join changed c on true`;

async function one(db: Db, name: string, text: string, values: unknown[]): Promise<OrderResult | null> {
  const { rows } = await db.query<OrderResult>({ name, text, values });
  return rows[0] ?? null;
}
