// obeyDeliveryOrder: applies a command that the delivery's own workflow received to the delivery's
// row. Idempotency key: (delivery, command). It is a conditional update: a replay is recognized by
// its `replayId`, and the other commands change nothing the second time.
import { type DeliveryState, readDeliveryState } from '#db/deliveries/deliveries';
import { obeyOrder } from '#db/deliveries/orders';
import type { Db } from '#db/store/pool';
import { orderAction } from '#domain/audit';
import type { Order } from '#domain/delivery';
import type { Lanes } from '#domain/lane';
import { wakeAfterOrder } from '#temporal/orders';
import { temporalAudit } from './temporal-audit.ts';

/**
 * Returns the state of the delivery after the command, whether it applied or not. Wakes the lane if the delivery is
 * held now.
 */
export function createObeyDeliveryOrder(db: Db, lanes: Lanes, auditOf = temporalAudit) {
  return async function obeyDeliveryOrder({ deliveryId, order }: { deliveryId: string; order: Order }): Promise<DeliveryState> {
    const { audit, again } = auditOf(orderAction(order));
    const result = await obeyOrder(db, deliveryId, order, 'workflow', audit, again);
    if (result) await wakeAfterOrder(lanes, result);
    return readDeliveryState(db, deliveryId);
  };
}
