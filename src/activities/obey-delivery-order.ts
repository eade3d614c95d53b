// obeyDeliveryOrder: an order that a delivery's own workflow was given, on the row.
// Idempotency key: (delivery, order) - a conditional update; a replay is known by its `replayId`, the others change nothing the second time.
import { type DeliveryState, readDeliveryState } from '../db/deliveries.ts';
import { obeyOrder } from '../db/orders.ts';
import type { Db } from '../db/pool.ts';
import type { Order } from '../domain/delivery.ts';

/** Says what the delivery is now, obeyed or not. */
export function createObeyDeliveryOrder(db: Db) {
  return async function obeyDeliveryOrder({ deliveryId, order }: { deliveryId: string; order: Order }): Promise<DeliveryState> {
    await obeyOrder(db, deliveryId, order, 'workflow');
    return readDeliveryState(db, deliveryId);
  };
}
