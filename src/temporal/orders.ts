// An order to a delivery from outside its workflow: the row is changed first - it decides -, then its lane is woken, should it be held, or its workflow
// told, and started where it is closed or never was. What if Temporal is away in between? The row stands and says that its workflow was not told; the sweep
// tells it.

import { cancelSignal, lookSignal, replaySignal, retryNowSignal } from '#contract/workflow-contract';
import type { Audit } from '#db/audit/audit';
import { readDeliveryRef } from '#db/deliveries/delivery-refs';
import { type OrderResult, obeyOrder, orderTold } from '#db/deliveries/orders';
import type { Db } from '#db/store/pool';
import type { DeliveryStatus, Order } from '#domain/delivery';
import type { Lanes } from '#domain/lane';
import type { Logger } from '#runtime/logger';
import type { TemporalLink } from './link.ts';
import { type DeliverySignal, signalDelivery } from './starter.ts';

/**
 * Null: no such delivery. Resolves when the row is changed and the workflow told, or Temporal found away. Without an `audit` the order follows from something
 * that is written itself.
 */
export type GiveOrder = (deliveryId: string, order: Order, audit?: Audit) => Promise<OrderResult | null>;

export interface OrderDeps {
  db: Db;
  link: TemporalLink;
  lanes: Lanes;
  log: Logger;
  deadLetterWindowMs: number;
}

export function createGiveOrder({ db, link, lanes, log, deadLetterWindowMs }: OrderDeps): GiveOrder {
  return async (deliveryId, order, audit) => {
    const result = await obeyOrder(db, deliveryId, order, 'outside', audit);
    if (!result?.obeyed) return result;
    try {
      await wakeAfterOrder(lanes, result);
      // read after the order: its state says whether the workflow must be open
      const delivery = await readDeliveryRef(db, deliveryId);
      if (delivery)
        await signalDelivery(link, delivery, deadLetterWindowMs, `order ${order.kind}`, signalOf(order, result.orders, delivery.status));
      await orderTold(db, deliveryId, result.orders);
    } catch (error) {
      log.warn({ err: error, deliveryId, order: order.kind }, 'order.workflow_not_told');
    }
    return result;
  };
}

/** To be called when the order's commit is acknowledged; harmless to repeat. A lane that waits for this very delivery is shut: it looks again only when told. */
export async function wakeAfterOrder(lanes: Lanes, { obeyed, status, endpointId, unblocks }: OrderResult): Promise<void> {
  if (!obeyed) return;
  if (unblocks) await lanes.changed(endpointId);
  if (status === 'held') await lanes.parked([endpointId]);
}

function signalOf(order: Order, number: number, status: DeliveryStatus): DeliverySignal {
  // the lane has it: a workflow that is still open reads that and ends
  if (status === 'held') return { signal: lookSignal };
  if (order.kind === 'replay') return { signal: replaySignal, said: { replayId: order.replayId } };
  return order.kind === 'cancel' ? { signal: cancelSignal } : { signal: retryNowSignal, said: { echoOf: number } };
}
