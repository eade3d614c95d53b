// The operator: one entity workflow that takes raw signals for any delivery or endpoint and does what the API does, so that an order works also
// where the delivery has no workflow of its own. What is not understood is logged and ignored; no handler ever throws.
import { allHandlersFinished, condition, continueAsNew, log, proxyActivities, setHandler, uuid4, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { Order } from '../domain/delivery.ts';
import { cancelSignal, type OperatorAction, pauseSignal, recentQuery, replaySignal, resumeSignal, retryNowSignal } from './contract.ts';
import { ourFaults } from './retry.ts';
import { textField } from './untrusted.ts';

export type OperatorTask = { deliveryId: string; order: Order } | { endpointId: string; gate: 'pause' | 'resume' };

export interface OperatorInput {
  /** Carried over by continue-as-new. */
  tasks?: OperatorTask[];
  recent?: OperatorAction[];
}

const { giveOrder, setGate } = proxyActivities<Activities>({ startToCloseTimeout: '5 minutes', retry: ourFaults });

export async function operator({ tasks = [], recent = [] }: OperatorInput = {}): Promise<void> {
  setHandler(recentQuery, () => recent);
  setHandler(cancelSignal, (said) => order(said, { kind: 'cancel' }));
  setHandler(retryNowSignal, (said) => order(said, { kind: 'retry-now' }));
  setHandler(replaySignal, (said) => order(said, { kind: 'replay', replayId: textField(said, 'replayId') ?? uuid4() }));
  setHandler(pauseSignal, (said) => gate(said, 'pause'));
  setHandler(resumeSignal, (said) => gate(said, 'resume'));

  for (;;) {
    await condition(() => tasks.length > 0 || workflowInfo().continueAsNewSuggested);
    for (let task = tasks.shift(); task; task = tasks.shift()) note(task, await perform(task));
    if (workflowInfo().continueAsNewSuggested && allHandlersFinished()) await continueAsNew<typeof operator>({ tasks, recent });
  }

  function order(said: unknown, what: Order): void {
    const deliveryId = textField(said, 'deliveryId');
    if (deliveryId) tasks.push({ deliveryId, order: what });
    else log.warn('order without a deliveryId ignored', { order: what.kind });
  }

  function gate(said: unknown, what: 'pause' | 'resume'): void {
    const endpointId = textField(said, 'endpointId');
    if (endpointId) tasks.push({ endpointId, gate: what });
    else log.warn('gate without an endpointId ignored', { gate: what });
  }

  function perform(task: OperatorTask): Promise<string> {
    return 'order' in task ? giveOrder(task) : setGate(task);
  }

  function note(task: OperatorTask, result: string): void {
    const action = 'order' in task ? { order: task.order.kind, subject: task.deliveryId } : { order: task.gate, subject: task.endpointId };
    recent.unshift({ ...action, result });
    recent.splice(50);
  }
}
