// operator: a single long-running workflow that takes commands for any delivery or endpoint as
// signals, like the API. So commands also reach deliveries without a workflow. Invalid signals are
// logged and ignored; handlers never throw.
import { CancellationScope, condition, continueAsNew, log, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '#activities/index';
import {
  cancelSignal,
  type OperatorAction,
  pauseSignal,
  recentQuery,
  replaySignal,
  resumeSignal,
  retryNowSignal,
  skipHeadSignal,
} from '#contract/workflow-contract';
import type { Command } from '#domain/deliveries/delivery';
import { describing } from './described-handlers.ts';
import { once, ourFaults } from './retry.ts';
import { orderingKeyField, replayIdOf, textField } from './untrusted.ts';

export type OperatorTask =
  | { deliveryId: string; command: Command }
  | { endpointId: string; gate: 'pause' | 'resume' }
  | { endpointId: string; skipHeadOf: string | null };

export interface OperatorInput {
  /** Only after continue-as-new. */
  tasks?: OperatorTask[];
  recent?: OperatorAction[];
}

const setHandler = describing({
  recent: 'The last commands and what became of them.',
  cancel: 'Cancels a delivery. Input: {"deliveryId":"dlv_…"}',
  retryNow: 'Makes the next attempt of a delivery now. Input: {"deliveryId":"dlv_…"}',
  replay: 'Delivers again in a new round. Input: {"deliveryId":"dlv_…"}',
  pause: 'Pauses an endpoint: its deliveries are held. Input: {"endpointId":"ep_…"}',
  resume: 'Resumes a paused or disabled endpoint. Input: {"endpointId":"ep_…"}',
  skipHead: 'Skips the dead letter that blocks an ordered endpoint. Input: {"endpointId":"ep_…"}, and "orderingKey" to free one key.',
});
const { giveCommand } = proxyActivities<Activities>({ startToCloseTimeout: '40 seconds', retry: ourFaults });
const { setGate } = proxyActivities<Activities>({ startToCloseTimeout: '5 minutes', retry: ourFaults });
const { skipHead } = proxyActivities<Activities>({ startToCloseTimeout: '40 seconds', retry: once });

export async function operator({ tasks = [], recent = [] }: OperatorInput = {}): Promise<void> {
  let replays = 0;
  setHandler(recentQuery, () => recent);
  setHandler(cancelSignal, (said) => command(said, { kind: 'cancel' }));
  setHandler(retryNowSignal, (said) => command(said, { kind: 'retry-now' }));
  setHandler(replaySignal, (said) => command(said, { kind: 'replay', replayId: textField(said, 'replayId') ?? replayIdOf(++replays) }));
  setHandler(pauseSignal, (said) => gate(said, 'pause'));
  setHandler(resumeSignal, (said) => gate(said, 'resume'));
  setHandler(skipHeadSignal, head);

  for (;;) {
    await untilTask();
    for (let task = tasks.shift(); task; task = tasks.shift()) note(task, await perform(task));
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof operator>({ tasks, recent });
  }

  /** After a cancellation the workflow finishes its tasks and ends. A worker starts it again within a minute. */
  async function untilTask(): Promise<void> {
    try {
      await condition(() => tasks.length > 0 || workflowInfo().continueAsNewSuggested);
    } catch (error) {
      if (tasks.length === 0) throw error;
    }
  }

  function command(said: unknown, what: Command): void {
    const deliveryId = textField(said, 'deliveryId');
    if (deliveryId) tasks.push({ deliveryId, command: what });
    else log.warn('command without a deliveryId ignored', { command: what.kind });
  }

  function gate(said: unknown, what: 'pause' | 'resume'): void {
    const endpointId = textField(said, 'endpointId');
    if (endpointId) tasks.push({ endpointId, gate: what });
    else log.warn('gate without an endpointId ignored', { gate: what });
  }

  function head(said: unknown): void {
    const [endpointId, skipHeadOf] = [textField(said, 'endpointId'), orderingKeyField(said)];
    if (endpointId && skipHeadOf !== undefined) tasks.push({ endpointId, skipHeadOf });
    else log.warn('skipHead without an endpointId, or with an orderingKey that is none, ignored');
  }

  function perform(task: OperatorTask): Promise<string> {
    return CancellationScope.nonCancellable(() => {
      if ('command' in task) return giveCommand(task);
      if ('gate' in task) return setGate(task);
      return skipHead({ endpointId: task.endpointId, orderingKey: task.skipHeadOf }).catch(() => 'not possible now: ask again');
    });
  }

  function note(task: OperatorTask, result: string): void {
    recent.unshift({ ...named(task), result });
    recent.splice(50);
  }
}

function named(task: OperatorTask): Pick<OperatorAction, 'command' | 'subject'> {
  if ('command' in task) return { command: task.command.kind, subject: task.deliveryId };
  return { command: 'gate' in task ? task.gate : 'skipHead', subject: task.endpointId };
}
