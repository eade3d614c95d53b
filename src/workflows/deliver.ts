// deliver: delivers one event to one endpoint, until the row's status is final or the dead-letter
// window ends. The row in PostgreSQL decides; the workflow caches its state, waits between
// attempts, and takes commands.
import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '#activities/index';
import {
  cancelSignal,
  type DeliverInput,
  type DeliverState,
  heartbeatTimeoutMs,
  lookSignal,
  replaySignal,
  retryNowSignal,
  statusAttribute,
  statusQuery,
} from '#contract/workflow-contract';
import type { DeliveryStatus, Order } from '#domain/delivery';
import { deliveryHandlers, showDetails } from './delivery-texts.ts';
import { describing } from './described-handlers.ts';
import { ourFaults } from './retry.ts';
import { countField, replayIdOf, textField } from './untrusted.ts';

const setHandler = describing(deliveryHandlers);
const { attemptDelivery } = proxyActivities<Activities>({
  startToCloseTimeout: '1 day',
  heartbeatTimeout: heartbeatTimeoutMs,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: ourFaults,
});
const { obeyDeliveryOrder } = proxyActivities<Activities>({ startToCloseTimeout: '40 seconds', retry: ourFaults });

/**
 * Activities change the row conditionally and return its new state.
 * `attemptDelivery` carries the backoff: after a refusal it fails with the next delay on the failure. So the Temporal
 * server keeps the timer, and the Web UI shows attempt, reason and next attempt. The first refusal of a round is
 * returned as a result instead, so that the workflow can show `retrying`. The activity's retry policy covers internal
 * errors and has no limit. A cancellation of the activity waits for a request in flight, so there are never two. An
 * acceptance wins over every command.
 */
export async function deliver({ deliveryId, status, deadLetterWindowMs }: DeliverInput): Promise<DeliveryStatus> {
  const orders: (Order | { kind: 'look' })[] = [];
  let known: DeliverState = { status, attempts: 0, nextAttemptAt: null, lastOutcome: null };
  let unread = true;
  let waiting = new CancellationScope();
  let replays = 0;
  const whole = CancellationScope.current();
  showDetails(known);

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

  /** Makes an attempt. Also reads the row: for a final status `attemptDelivery` sends nothing and returns the state. */
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

  /**
   * Runs `wait` until a command arrives; does not start it if one has arrived. Cancelling the workflow (in the Web UI)
   * counts as the command cancel.
   */
  async function untilOrdered(wait: () => Promise<void>): Promise<void> {
    if (orders.length > 0) return;
    waiting = new CancellationScope();
    try {
      await waiting.run(wait);
    } catch (error) {
      // if the endpoint refuses during the cancellation, the activity fails with the refusal
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
    showDetails(known);
    unread = false;
  }
}
