// deliver: delivers one event to one endpoint, until its row is succeeded, cancelled, expired, held for the lane, or in
// quarantine. A dead letter waits for a command until its window ends. The row in PostgreSQL decides; the workflow
// caches its state, waits between attempts, and takes commands.
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
  heartbeatTimeoutsMs,
  lookSignal,
  replaySignal,
  retryNowSignal,
  statusAttribute,
  statusQuery,
} from '#contract/workflow-contract';
import type { Command, DeliveryStatus } from '#domain/deliveries/delivery';
import { deliveryHandlers, showDetails } from './delivery-texts.ts';
import { describing } from './described-handlers.ts';
import { ourFaults } from './retry.ts';
import { replayIdOf, textField } from './untrusted.ts';

const setHandler = describing(deliveryHandlers);
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
export async function deliver(input: DeliverInput): Promise<DeliveryStatus> {
  const delivery = new Delivery(input);
  let replays = 0;
  setHandler(statusQuery, () => delivery.known);
  setHandler(cancelSignal, () => delivery.give({ kind: 'cancel' }));
  setHandler(retryNowSignal, () => delivery.give({ kind: 'retry-now' }));
  setHandler(lookSignal, () => delivery.give({ kind: 'look' }));
  setHandler(replaySignal, (said) => delivery.give({ kind: 'replay', replayId: textField(said, 'replayId') ?? replayIdOf(++replays) }));

  for (;;) {
    await delivery.obeyAll();
    const { status, round } = delivery.known;
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof deliver>({ ...input, status, round });
    if (delivery.unread || status === 'pending' || status === 'retrying') await delivery.attempt();
    else if (status === 'dead_lettered') await delivery.commandOrEnd();
    else return status;
  }
}

class Delivery {
  /** The row as last read. */
  known: DeliverState;
  /** The row may have changed since. */
  unread = true;
  /** The row may not be written yet. */
  #unplanned = true;
  readonly #input: DeliverInput;
  readonly #attempts: Pick<Activities, 'attemptDelivery'>;
  readonly #commands: (Command | { kind: 'look' })[] = [];
  readonly #whole = CancellationScope.current();
  #waiting = new CancellationScope();

  constructor(input: DeliverInput) {
    this.#input = input;
    this.#attempts = proxyActivities<Activities>({
      startToCloseTimeout: '1 day',
      heartbeatTimeout: input.heartbeatTimeoutMs ?? heartbeatTimeoutsMs.attempt,
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      retry: ourFaults,
    });
    this.known = { status: input.status, round: input.round, attempts: 0, nextAttemptAt: null, lastOutcome: null };
    showDetails(this.known);
  }

  give(command: Command | { kind: 'look' }): void {
    this.#commands.push(command);
    this.#waiting.cancel();
  }

  async obeyAll(): Promise<void> {
    for (let command = this.#commands.shift(); command; command = this.#commands.shift()) {
      if (command.kind === 'look') await this.#look();
      else this.#enter(await this.#obey(command));
    }
  }

  /** Makes an attempt. Also reads the row: for a final status `attemptDelivery` sends nothing and returns the state. */
  async attempt(): Promise<void> {
    await this.#untilCommand(async () => this.#enter(await this.#attempts.attemptDelivery(this.#what())));
  }

  async commandOrEnd(): Promise<void> {
    await this.#untilCommand(async () => {
      if (!(await condition(() => this.#commands.length > 0, this.#input.deadLetterWindowMs))) {
        throw ApplicationFailure.nonRetryable('nobody replayed it in time', 'DeadLetterExpired');
      }
    });
  }

  /**
   * Reads the row again. The next attempt reads it anyway, but until that ends the Web UI would show a replayed delivery
   * as a dead letter.
   */
  async #look(): Promise<void> {
    if (this.unread || this.known.status !== 'dead_lettered') this.unread = true;
    else this.#enter(await CancellationScope.nonCancellable(() => readDelivery(this.#what())));
  }

  /**
   * Runs `wait` until a command arrives; does not start it if one has arrived. Cancelling the workflow (in the Web UI)
   * counts as the command cancel.
   */
  async #untilCommand(wait: () => Promise<void>): Promise<void> {
    if (this.#commands.length > 0) return;
    this.#waiting = new CancellationScope();
    try {
      await this.#waiting.run(wait);
    } catch (error) {
      // if the endpoint refuses during the cancellation, the activity fails with the refusal
      const isCancelled = isCancellation(error) || this.#whole.consideredCancelled;
      if (this.#commands.length === 0 && isCancelled) this.#commands.push({ kind: 'cancel' });
      if (this.#commands.length === 0) throw error;
    }
  }

  #obey(command: Command): Promise<DeliverState> {
    return CancellationScope.nonCancellable(() => obeyDeliveryCommand({ ...this.#what(), command }));
  }

  #enter(next: DeliverState): void {
    // a namespace that lacks the attribute would refuse it, so it was not given at the start
    const isSearchable = workflowInfo().typedSearchAttributes.get(statusAttribute) !== undefined;
    if (next.status !== this.known.status && isSearchable) upsertSearchAttributes([{ key: statusAttribute, value: next.status }]);
    this.known = next;
    showDetails(next);
    this.unread = false;
    this.#unplanned = false;
  }

  #what() {
    const { deliveryId, plan } = this.#input;
    return { deliveryId, ...(plan && this.#unplanned && { plan }) };
  }
}
