// giveOrder: gives a command from the operator workflow to any delivery: changes its row and
// signals its workflow, like the API. Idempotency key: (delivery, command), as in
// obeyDeliveryOrder.
import { orderAction } from '#domain/audit';
import { type Order, obstacles } from '#domain/delivery';
import { isId } from '#domain/ids';
import type { GiveOrder } from '#temporal/orders';
import { temporalAudit } from './temporal-audit.ts';

/** Returns the result as a text for the operator's `recent` query. */
export function createGiveOrderActivity(give: GiveOrder) {
  return async function giveOrder({ deliveryId, order }: { deliveryId: string; order: Order }): Promise<string> {
    const { audit } = temporalAudit(orderAction(order));
    const result = isId('dlv', deliveryId) ? await give(deliveryId, order, audit) : null;
    if (!result) return 'no such delivery';
    if (result.obstacle) return obstacles[result.obstacle];
    return result.obeyed ? `done, now ${result.status}` : `not possible while ${result.status}`;
  };
}
