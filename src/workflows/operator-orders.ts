// The orders of the operator workflow: obeyed in batches, 50 in one activity, and carried over by
// continue-as-new while others wait. It also continues as new when it rests. An order is lost only if it is answered so.
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  log,
  proxyActivities,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '#activities/index';
import { type CommandAnswer, type OperatorAction, type OperatorOrder, subjectOf } from '#contract/workflow-contract';
import { type QueuedOrder, takeBatch } from './operator-queue.ts';
import { ourFaults } from './retry.ts';

export interface OperatorInput {
  /** Only after continue-as-new. */
  orders?: OperatorOrder[];
  recent?: OperatorAction[];
}

const recentActions = 50;
/** Temporal refuses an input of 2 MB. A longer queue is worked off first; Temporal takes 10,000 signals a run. */
const longestInput = 1_000_000;
/**
 * After so long without an order, a run that has obeyed some ends. The history of the next run is empty, so it fits the
 * code of any version: after an upgrade or a rollback nobody has to end the operator, which never fails by itself.
 */
const restsAfter = '5 seconds';
/** How many batches may follow for Updates that keep coming, when the run should end. */
const lastBatches = 10;
const overloaded: CommandAnswer = { obeyed: false, reason: 'the operator has too much to do; send it again' };

const { obeyOrders } = proxyActivities<Activities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '10 seconds',
  retry: ourFaults,
});

export class Orders {
  readonly recent: OperatorAction[];
  readonly #queue: QueuedOrder[];
  #obeyed = 0;

  constructor({ orders = [], recent = [] }: OperatorInput) {
    this.recent = recent;
    this.#queue = orders.map((order) => ({ order }));
    this.#showDetails();
  }

  /** By a signal. Undefined: its input was not valid. */
  add(command: string, order: OperatorOrder | undefined): void {
    if (order) this.#queue.push({ order });
    else log.warn('command ignored: its input is not valid', { command });
  }

  /** By an Update, whose validator has checked the input. */
  ask(order: OperatorOrder | undefined): Promise<CommandAnswer> {
    if (!order) throw ApplicationFailure.nonRetryable('the input is not valid', 'InvalidInput');
    return new Promise((answer) => this.#queue.push({ order, answer }));
  }

  /** Until the workflow is cancelled and nothing is queued. */
  async obey(): Promise<never> {
    for (let batchesLeft = lastBatches; ; ) {
      const rests = !(await this.#untilOrder());
      await this.#obeyBatch();
      if (!rests && !workflowInfo().continueAsNewSuggested) continue;
      if (JSON.stringify(this.#orders()).length > longestInput) continue;
      if (this.#isAsked() && batchesLeft-- > 0) continue;
      await CancellationScope.nonCancellable(() => this.#answerAll());
      await continueAsNew<(input: OperatorInput) => Promise<void>>({ orders: this.#orders(), recent: this.recent });
    }
  }

  /** False: it has obeyed orders, and none came for a while. */
  async #untilOrder(): Promise<boolean> {
    const isBusy = () => this.#queue.length > 0 || workflowInfo().continueAsNewSuggested;
    try {
      if (this.#obeyed > 0) return await condition(isBusy, restsAfter);
      await condition(isBusy);
    } catch (error) {
      if (this.#queue.length === 0) throw error;
    }
    return true;
  }

  async #obeyBatch(): Promise<void> {
    const batch = takeBatch(this.#queue);
    if (batch.length === 0) return;
    const orders = batch.map(({ order }) => order);
    const answers = await CancellationScope.nonCancellable(() => obeyOrders({ orders }));
    for (const [index, { order, answer }] of batch.entries()) {
      const given = answers[index] as CommandAnswer;
      this.recent.unshift({ ...named(order), result: inWords(order, given) });
      answer?.(given);
    }
    this.recent.splice(recentActions);
    this.#obeyed += batch.length;
    this.#showDetails();
  }

  /** A run that closes takes no Update with it. */
  async #answerAll(): Promise<void> {
    while (!allHandlersFinished()) {
      const asked = this.#queue.filter(({ answer }) => answer);
      for (const each of asked) {
        this.#queue.splice(this.#queue.indexOf(each), 1);
        each.answer?.(overloaded);
      }
      await condition(() => allHandlersFinished() || this.#isAsked());
    }
  }

  #orders(): OperatorOrder[] {
    return this.#queue.map(({ order }) => order);
  }

  #isAsked(): boolean {
    return this.#queue.some(({ answer }) => answer);
  }

  #showDetails(): void {
    setCurrentDetails(
      `Takes commands for any delivery or endpoint. In this run ${this.#obeyed} were answered, and ${this.#queue.length} waited after the last batch. The query \`recent\` shows results.`,
    );
  }
}

function named(order: OperatorOrder): Pick<OperatorAction, 'command' | 'subject'> {
  const subject = subjectOf(order);
  if ('command' in order) return { command: order.command.kind, subject };
  return { command: 'gate' in order ? order.gate : 'skipHead', subject };
}

function inWords(order: OperatorOrder, { status, reason }: CommandAnswer): string {
  return reason ?? ('command' in order ? `done, now ${status}` : `${status}`);
}
