// giveOrder: an order that came to the operator, to any delivery: its row is changed and its workflow told, as the API does it.
// Idempotency key: (delivery, order), as in obeyDeliveryOrder.
import { orderAction } from '#domain/audit';
import { type Order, obstacles } from '#domain/delivery';
import { isId } from '#domain/ids';
import type { GiveOrder } from '#temporal/orders';
import { temporalAudit } from './temporal-audit.ts';

/** What came of it, for the operator's `recent` query: `obeyed`, or why not. */
export function createGiveOrderActivity(give: GiveOrder) {
  return async function giveOrder({ deliveryId, order }: { deliveryId: string; order: Order }): Promise<string> {
    const { audit } = temporalAudit(orderAction(order));
    const result = isId('dlv', deliveryId) ? await give(deliveryId, order, audit) : null;
    if (!result) return 'no such delivery';
    if (result.obstacle) return obstacles[result.obstacle];
    return result.obeyed ? `obeyed, now ${result.status}` : `not possible while ${result.status}`;
  };
}
