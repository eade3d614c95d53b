// One event to one endpoint, until its row is in a final state or its dead-letter window has passed.
//
// The row in PostgreSQL decides: activities change it conditionally and say what it is now; the workflow only remembers that, waits, and listens.
// `attemptDelivery` carries the waiting between attempts: an endpoint that refuses makes it fail with the next delay on the failure, so the
// server keeps the timer and the Web UI shows attempt, reason and next try. (The first refusal of a round comes back as a result, so that the
// workflow can say `retrying`.) Its retry policy is for our own faults and never ends. Cancelling it waits for a POST that is under way, so there
// are never two; an acceptance wins over every order.
import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '#activities/index';
import {
  cancelSignal,
  type DeliverInput,
  type DeliverState,
  lookSignal,
  replaySignal,
  retryNowSignal,
  statusAttribute,
  statusQuery,
} from '#contract/workflow-contract';
import type { DeliveryStatus, Order } from '#domain/delivery';
import { ourFaults } from './retry.ts';
import { countField, replayIdOf, textField } from './untrusted.ts';

const { attemptDelivery } = proxyActivities<Activities>({
  startToCloseTimeout: '1 day',
  heartbeatTimeout: '5 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: ourFaults,
});
const { obeyDeliveryOrder } = proxyActivities<Activities>({ startToCloseTimeout: '40 seconds', retry: ourFaults });

export async function deliver({ deliveryId, status, deadLetterWindowMs }: DeliverInput): Promise<DeliveryStatus> {
  const orders: (Order | { kind: 'look' })[] = [];
  let known: DeliverState = { status, attempts: 0, nextAttemptAt: null, lastOutcome: null };
  let unread = true;
  let waiting = new CancellationScope();
  let replays = 0;
  const whole = CancellationScope.current();

  setHandler(statusQuery, () => known);
  setHandler(cancelSignal, () => give({ kind: 'cancel' }));
  setHandler(retryNowSignal, (said) => give({ kind: 'retry-now', echoOf: countField(said, 'echoOf') }));
  setHandler(lookSignal, () => give({ kind: 'look' }));
  setHandler(replaySignal, (said) => give({ kind: 'replay', replayId: textField(said, 'replayId') ?? replayIdOf(++replays) }));

  for (;;) {
    for (let order = orders.shift(); order; order = orders.shift()) {
      if (order.kind === 'look') unread = true;
      else enter(await obey(order));
    }
    if (workflowInfo().continueAsNewSuggested)
      await continueAsNew<typeof deliver>({ deliveryId, status: known.status, deadLetterWindowMs });
    if (unread || known.status === 'pending' || known.status === 'retrying') await attempt();
    else if (known.status === 'dead_lettered') await orderOrEnd();
    else return known.status;
  }

  /** Also the way to read the row once: on a finished one `attemptDelivery` posts nothing and says what it is. */
  async function attempt(): Promise<void> {
    await untilOrdered(async () => enter(await attemptDelivery({ deliveryId })));
  }

  async function orderOrEnd(): Promise<void> {
    await untilOrdered(async () => {
      if (!(await condition(() => orders.length > 0, deadLetterWindowMs))) {
        throw ApplicationFailure.nonRetryable('nobody replayed it in time', 'DeadLetterExpired');
      }
    });
  }

  /** Waits, unless or until there is an order. A cancellation of the workflow itself (the Web UI's button) is an order to cancel. */
  async function untilOrdered(wait: () => Promise<void>): Promise<void> {
    if (orders.length > 0) return;
    waiting = new CancellationScope();
    try {
      await waiting.run(wait);
    } catch (error) {
      // refused while it was being cancelled, the activity fails with the refusal
      if (orders.length === 0 && (isCancellation(error) || whole.consideredCancelled)) orders.push({ kind: 'cancel' });
      if (orders.length === 0) throw error;
    }
  }

  function obey(order: Order): Promise<DeliverState> {
    return CancellationScope.nonCancellable(() => obeyDeliveryOrder({ deliveryId, order }));
  }

  function give(order: (typeof orders)[number]): void {
    orders.push(order);
    waiting.cancel();
  }

  function enter(next: DeliverState): void {
    if (next.status !== known.status) upsertSearchAttributes([{ key: statusAttribute, value: next.status }]);
    known = next;
    unread = false;
  }
}
