// An order to a delivery from outside its workflow: the row is changed first - it decides -, then the workflow is told, and started where it is
// closed or never was. What if Temporal is away in between? The row stands and says that its workflow was not told; the sweep tells it.
import { WorkflowNotFoundError } from '@temporalio/client';
import { readDeliveryRef } from '../db/delivery-refs.ts';
import { type OrderResult, obeyOrder, orderTold } from '../db/orders.ts';
import type { Db } from '../db/pool.ts';
import { isUnderWay, type Order } from '../domain/delivery.ts';
import type { Logger } from '../logger.ts';
import { cancelSignal, deliveryWorkflowId, replaySignal, retryNowSignal, workflowTypes } from '../workflows/contract.ts';
import type { TemporalLink } from './link.ts';
import { deliveryStart } from './starter.ts';

/** Null: no such delivery. Resolves when the row is changed and the workflow told, or Temporal found away. */
export type GiveOrder = (deliveryId: string, order: Order) => Promise<OrderResult | null>;

export interface OrderDeps {
  db: Db;
  link: TemporalLink;
  log: Logger;
  deadLetterWindowMs: number;
}

export function createGiveOrder({ db, link, log, deadLetterWindowMs }: OrderDeps): GiveOrder {
  return async (deliveryId, order) => {
    const result = await obeyOrder(db, deliveryId, order, 'outside');
    if (!result?.obeyed) return result;
    try {
      if (isUnderWay(result.status)) await startWith(deliveryId, order);
      else await tell(deliveryId, order);
      await orderTold(db, deliveryId, result.orders);
    } catch (error) {
      log.warn({ err: error, deliveryId, order: order.kind }, 'order.workflow_not_told');
    }
    return result;
  };

  async function startWith(deliveryId: string, order: Order): Promise<void> {
    const ref = await readDeliveryRef(db, deliveryId);
    if (!ref) return;
    const { args, ...options } = deliveryStart(ref, deadLetterWindowMs, `order ${order.kind}`);
    await link.call((client) =>
      client.workflow.signalWithStart(workflowTypes.deliver, {
        ...options,
        args,
        signal: signalOf(order),
        signalArgs: [argumentOf(order)],
      }),
    );
  }

  async function tell(deliveryId: string, order: Order): Promise<void> {
    try {
      await link.call((client) => client.workflow.getHandle(deliveryWorkflowId(deliveryId)).signal(signalOf(order), argumentOf(order)));
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
}

function signalOf(order: Order) {
  if (order.kind === 'replay') return replaySignal;
  return order.kind === 'cancel' ? cancelSignal : retryNowSignal;
}

function argumentOf(order: Order): { replayId: string } | undefined {
  return order.kind === 'replay' ? { replayId: order.replayId } : undefined;
}
