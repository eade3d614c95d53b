// deliver: delivers one event to one endpoint, until its row is succeeded, cancelled, expired, held for the lane, or in
// quarantine, or relays make its next attempt. A dead letter waits for a command until its window ends. The row in
// PostgreSQL decides; the workflow caches its state, waits between attempts, and takes commands.
import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '#activities/index';
import {
  type CommandAnswer,
  cancelSignal,
  cancelUpdate,
  type DeliverInput,
  type DeliverState,
  heartbeatTimeoutsMs,
  lookSignal,
  replaySignal,
  replayUpdate,
  retryNowSignal,
  retryNowUpdate,
  statusQuery,
} from '#contract/workflow-contract';
import type { Command, DeliveryStatus } from '#domain/deliveries/delivery';
import { deliveryHandlers, isWithRelays, showDetails, showWindowOver } from './delivery-texts.ts';
import { describing } from './described-handlers.ts';
import { handlersFinished } from './handlers-finished.ts';
import { ourFaults } from './retry.ts';
import { continueWithStatus, showStatus } from './status-attribute.ts';
import { replayIdOf, textField } from './untrusted.ts';
import { inputOf } from './update-input.ts';

const setHandler = describing(deliveryHandlers);
const withoutInput = { validator: inputOf({ optional: ['reason'] }) };
const ofReplay = { validator: inputOf({ optional: ['replayId', 'reason'] }) };
const { beginDelivery } = proxyLocalActivities<Activities>({
  startToCloseTimeout: '1 day',
  retry: { maximumAttempts: 1 },
});
const { obeyDeliveryCommand, readDelivery } = proxyActivities<Activities>({ startToCloseTimeout: '40 seconds', retry: ourFaults });

/**
 * Activities change the row conditionally and return its new state. A command from outside (API, operator) has changed
 * the row already and comes as `look`. A signal or Update `cancel`, `retryNow` or `replay` sent by hand changes the row from
 * here.
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
  const replay = (said: unknown) => ({ kind: 'replay', replayId: textField(said, 'replayId') ?? replayIdOf(() => ++replays) }) as const;
  setHandler(statusQuery, () => delivery.known);
  setHandler(cancelSignal, () => delivery.give({ kind: 'cancel' }));
  setHandler(retryNowSignal, () => delivery.give({ kind: 'retry-now' }));
  setHandler(lookSignal, () => delivery.give({ kind: 'look' }));
  setHandler(replaySignal, (said) => delivery.give(replay(said)));
  setHandler(cancelUpdate, () => delivery.ask({ kind: 'cancel' }), withoutInput);
  setHandler(retryNowUpdate, () => delivery.ask({ kind: 'retry-now' }), withoutInput);
  setHandler(replayUpdate, (said) => delivery.ask(replay(said)), ofReplay);

  for (;;) {
    await delivery.obeyAll();
    const { status, round } = delivery.known;
    if (workflowInfo().continueAsNewSuggested) await continueWithStatus<typeof deliver>({ ...input, status, round });
    if (!delivery.unread && isWithRelays(delivery.known)) return status;
    if (delivery.unread || status === 'pending' || status === 'retrying') await delivery.attempt();
    else if (status === 'dead_lettered') await delivery.commandOrEnd();
    else return status;
  }
}

interface GivenCommand {
  command: Command | { kind: 'look' };
  /** Answers the Update that gave it; absent: it came by signal. */
  answer?(answer: CommandAnswer): void;
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
  readonly #commands: GivenCommand[] = [];
  readonly #whole = CancellationScope.current();
  #waiting = new CancellationScope();
  /** The end of a dead letter's window. */
  #openUntil: Date | null = null;

  constructor(input: DeliverInput) {
    this.#input = input;
    this.#attempts = proxyActivities<Activities>({
      startToCloseTimeout: '1 day',
      heartbeatTimeout: input.heartbeatTimeoutMs ?? heartbeatTimeoutsMs.attempt,
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      retry: ourFaults,
    });
    this.known = { status: input.status, round: input.round, attempts: 0, nextAttemptAt: null, lastOutcome: null };
    this.#showDetails();
  }

  give(command: GivenCommand['command'], answer?: GivenCommand['answer']): void {
    this.#commands.push({ command, answer });
    this.#waiting.cancel();
  }

  ask(command: Command): Promise<CommandAnswer> {
    return new Promise((answer) => this.give(command, answer));
  }

  /** When it returns, every Update has its answer. */
  async obeyAll(): Promise<void> {
    do {
      for (let given = this.#commands.shift(); given; given = this.#commands.shift()) await this.#obey(given);
      await handlersFinished();
    } while (this.#commands.length > 0);
  }

  /** Makes an attempt. Also reads the row: for a final status `attemptDelivery` sends nothing and returns the state. */
  async attempt(): Promise<void> {
    const begun = await this.#begin();
    const isUnseen = this.known.status === 'pending' && this.known.attempts === 0;
    const attempt = async () => this.#enter(await this.#attempts.attemptDelivery({ ...this.#what(), ...(isUnseen && { join: true }) }));
    // the request is in flight while no worker has taken `attemptDelivery` yet: a cancellation would not wait for it
    if (begun === 'in_flight') await CancellationScope.nonCancellable(attempt);
    else if (begun === null) await this.#untilCommand(attempt);
    else this.#enter(begun);
  }

  #isCommanded(): boolean {
    return this.#commands.length > 0 || this.#whole.consideredCancelled;
  }

  /** The first attempt of a delivery that was started in place of its dispatch. Null: it was not made here. */
  async #begin(): Promise<DeliverState | 'in_flight' | null> {
    const { deliveryId, plan } = this.#input;
    if (!plan || !this.#unplanned || this.#isCommanded()) return null;
    try {
      return await CancellationScope.nonCancellable(() => beginDelivery({ deliveryId, plan }));
    } catch {
      return null;
    }
  }

  async commandOrEnd(): Promise<void> {
    await this.#untilCommand(async () => {
      if (!(await condition(() => this.#commands.length > 0, this.#input.deadLetterWindowMs))) {
        showStatus(null);
        showWindowOver(this.known);
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
      if (this.#commands.length === 0 && isCancelled) this.#commands.push({ command: { kind: 'cancel' } });
      if (this.#commands.length === 0) throw error;
    }
  }

  async #obey({ command, answer }: GivenCommand): Promise<void> {
    if (command.kind === 'look') return this.#look();
    const obeyed = await CancellationScope.nonCancellable(() => obeyDeliveryCommand({ ...this.#what(), command }));
    this.#enter(obeyed.state);
    answer?.(obeyed.answer);
  }

  /** A held delivery goes on in its lane, which shows `held`, and one with relays goes on there; this workflow closes. */
  #enter(next: DeliverState): void {
    showStatus(next.status === 'held' || isWithRelays(next) ? null : next.status);
    this.known = next;
    this.#showDetails();
    this.unread = false;
    this.#unplanned = false;
  }

  #what() {
    const { deliveryId, plan } = this.#input;
    return { deliveryId, ...(plan && this.#unplanned && { plan }) };
  }

  #showDetails(): void {
    const { status } = this.known;
    if (status === 'dead_lettered') this.#openUntil ??= new Date(Date.now() + this.#input.deadLetterWindowMs);
    else this.#openUntil = null;
    showDetails(this.known, this.#openUntil);
  }
}
