// obeyDeliveryOrder: an order that a delivery's own workflow was given, on the row.
// Idempotency key: (delivery, order) - a conditional update; a replay is known by its `replayId`, the others change nothing the second time.
import { type DeliveryState, readDeliveryState } from '../db/deliveries.ts';
import { obeyOrder } from '../db/orders.ts';
import type { Db } from '../db/pool.ts';
import { orderAction } from '../domain/audit.ts';
import type { Order } from '../domain/delivery.ts';
import type { Lanes } from '../domain/lane.ts';
import { wakeAfterOrder } from '../temporal/orders.ts';
import { temporalAudit } from './temporal-audit.ts';

/** Says what the delivery is now, obeyed or not; of one that is `held` now its lane knows. */
export function createObeyDeliveryOrder(db: Db, lanes: Lanes, auditOf = temporalAudit) {
  return async function obeyDeliveryOrder({ deliveryId, order }: { deliveryId: string; order: Order }): Promise<DeliveryState> {
    const { audit, again } = auditOf(orderAction(order));
    const result = await obeyOrder(db, deliveryId, order, 'workflow', audit, again);
    if (result) await wakeAfterOrder(lanes, result);
    return readDeliveryState(db, deliveryId);
  };
}
