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
import type { Command, DeliveryStatus } from '#domain/delivery';
import { deliveryHandlers, showDetails } from './delivery-texts.ts';
import { describing } from './described-handlers.ts';
import { ourFaults } from './retry.ts';
import { replayIdOf, textField } from './untrusted.ts';

const setHandler = describing(deliveryHandlers);
const { attemptDelivery } = proxyActivities<Activities>({
  startToCloseTimeout: '1 day',
  heartbeatTimeout: heartbeatTimeoutMs,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: ourFaults,
});
const { obeyDeliveryCommand, readDelivery } = proxyActivities<Activities>({ startToCloseTimeout: '40 seconds', retry: ourFaults });

/**
 * Activities change the row conditionally and return its new state. A command from outside (API, operator) has changed
 * the row already and comes as `look`. A signal `cancel`, `retryNow` or `replay` sent by hand changes the row from here.
 *
 * `attemptDelivery` carries the backoff: after a refusal it fails with the next delay on the failure. So the Temporal
 * server keeps the timer, and the Web UI shows attempt, reason and next attempt. The first refusal of a round is
 * returned as a result instead, so that the workflow can show `retrying`. The activity's retry policy covers internal
 * errors and has no limit. A cancellation of the activity waits for a request in flight, so there are never two. An
 * acceptance wins over every command.
 */
export async function deliver({ deliveryId, status, round, deadLetterWindowMs }: DeliverInput): Promise<DeliveryStatus> {
  const commands: (Command | { kind: 'look' })[] = [];
  let known: DeliverState = { status, round, attempts: 0, nextAttemptAt: null, lastOutcome: null };
  let unread = true;
  let waiting = new CancellationScope();
  let replays = 0;
  const whole = CancellationScope.current();
  showDetails(known);

  setHandler(statusQuery, () => known);
  setHandler(cancelSignal, () => give({ kind: 'cancel' }));
  setHandler(retryNowSignal, () => give({ kind: 'retry-now' }));
  setHandler(lookSignal, () => give({ kind: 'look' }));
  setHandler(replaySignal, (said) => give({ kind: 'replay', replayId: textField(said, 'replayId') ?? replayIdOf(++replays) }));

  for (;;) {
    for (let command = commands.shift(); command; command = commands.shift()) {
      if (command.kind === 'look') await look();
      else enter(await obey(command));
    }
    if (workflowInfo().continueAsNewSuggested)
      await continueAsNew<typeof deliver>({ deliveryId, status: known.status, round: known.round, deadLetterWindowMs });
    if (unread || known.status === 'pending' || known.status === 'retrying') await attempt();
    else if (known.status === 'dead_lettered') await commandOrEnd();
    else return known.status;
  }

  /** Makes an attempt. Also reads the row: for a final status `attemptDelivery` sends nothing and returns the state. */
  async function attempt(): Promise<void> {
    await untilCommand(async () => enter(await attemptDelivery({ deliveryId })));
  }

  /**
   * Reads the row again. The next attempt reads it anyway, but until that ends the Web UI would show a replayed delivery
   * as a dead letter.
   */
  async function look(): Promise<void> {
    if (unread || known.status !== 'dead_lettered') unread = true;
    else enter(await CancellationScope.nonCancellable(() => readDelivery({ deliveryId })));
  }

  async function commandOrEnd(): Promise<void> {
    await untilCommand(async () => {
      if (!(await condition(() => commands.length > 0, deadLetterWindowMs))) {
        throw ApplicationFailure.nonRetryable('nobody replayed it in time', 'DeadLetterExpired');
      }
    });
  }

  /**
   * Runs `wait` until a command arrives; does not start it if one has arrived. Cancelling the workflow (in the Web UI)
   * counts as the command cancel.
   */
  async function untilCommand(wait: () => Promise<void>): Promise<void> {
    if (commands.length > 0) return;
    waiting = new CancellationScope();
    try {
      await waiting.run(wait);
    } catch (error) {
      // if the endpoint refuses during the cancellation, the activity fails with the refusal
      if (commands.length === 0 && (isCancellation(error) || whole.consideredCancelled)) commands.push({ kind: 'cancel' });
      if (commands.length === 0) throw error;
    }
  }

  function obey(command: Command): Promise<DeliverState> {
    return CancellationScope.nonCancellable(() => obeyDeliveryCommand({ deliveryId, command }));
  }

  function give(command: (typeof commands)[number]): void {
    commands.push(command);
    waiting.cancel();
  }

  function enter(next: DeliverState): void {
    if (next.status !== known.status) upsertSearchAttributes([{ key: statusAttribute, value: next.status }]);
    known = next;
    showDetails(known);
    unread = false;
  }
}
