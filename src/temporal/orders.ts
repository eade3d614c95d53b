// Gives a command to a delivery from outside its workflow: changes the row, then wakes the lane of
// a held delivery or signals its workflow. If Temporal is unavailable in between, the row records
// the missing signal, and the sweep sends it.

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
 * Resolves after the row is changed and the workflow is signalled (or Temporal is unavailable). Null: no such delivery.
 * Without `audit` nothing is written to the audit log: the command follows from a change that has its own entry.
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
      // read after the change: the new status says whether the workflow must be open
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

/**
 * Call it after the command is committed; repeating it does no harm. A lane that waits for this delivery is blocked, and
 * drains again only when woken.
 */
export async function wakeAfterOrder(lanes: Lanes, { obeyed, status, endpointId, unblocks }: OrderResult): Promise<void> {
  if (!obeyed) return;
  if (unblocks) await lanes.changed(endpointId);
  if (status === 'held') await lanes.parked([endpointId]);
}

function signalOf(order: Order, number: number, status: DeliveryStatus): DeliverySignal {
  // the delivery is parked: a workflow that is still open reads the row and ends
  if (status === 'held') return { signal: lookSignal };
  if (order.kind === 'replay') return { signal: replaySignal, argument: { replayId: order.replayId } };
  return order.kind === 'cancel' ? { signal: cancelSignal } : { signal: retryNowSignal, argument: { echoOf: number } };
}
