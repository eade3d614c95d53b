// obeyDeliveryOrder: an order that a delivery's own workflow was given, on the row.
// Idempotency key: (delivery, order) - a conditional update; a replay is known by its `replayId`, the others change nothing the second time.
import { type DeliveryState, readDeliveryState } from '#db/deliveries/deliveries';
import { obeyOrder } from '#db/deliveries/orders';
import type { Db } from '#db/store/pool';
import { orderAction } from '#domain/audit';
import type { Order } from '#domain/delivery';
import type { Lanes } from '#domain/lane';
import { wakeAfterOrder } from '#temporal/orders';
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
