// operator: a single long-running workflow that takes commands for any delivery or endpoint as
// signals or Updates, like the API. So commands also reach deliveries without a workflow. Invalid
// signals are logged and ignored; invalid Updates are rejected.
import {
  cancelSignal,
  cancelUpdate,
  type Gate,
  type OperatorOrder,
  pauseSignal,
  pauseUpdate,
  recentQuery,
  replaySignal,
  replayUpdate,
  resumeSignal,
  resumeUpdate,
  retryNowSignal,
  retryNowUpdate,
  skipHeadSignal,
  skipHeadUpdate,
} from '#contract/workflow-contract';
import type { Command } from '#domain/deliveries/delivery';
import { describing } from './described-handlers.ts';
import { handlersFinished } from './handlers-finished.ts';
import { type OperatorInput, Orders } from './operator-orders.ts';
import { orderingKeyField, replayIdOf, textField } from './untrusted.ts';
import { inputOf } from './update-input.ts';

const setHandler = describing({
  recent: 'The last commands and what became of them.',
  cancel: 'Cancels a delivery. Input: {"deliveryId":"dlv_…"}',
  retryNow: 'Makes the next attempt of a delivery now. Input: {"deliveryId":"dlv_…"}',
  replay: 'Delivers again in a new round. Input: {"deliveryId":"dlv_…"}',
  pause: 'Pauses an endpoint: its deliveries are held. Input: {"endpointId":"ep_…"}',
  resume: 'Resumes a paused or disabled endpoint. Input: {"endpointId":"ep_…"}',
  skipHead: 'Skips the dead letter that blocks an ordered endpoint. Input: {"endpointId":"ep_…"}, and "orderingKey" to free one key.',
});
const ofDelivery = { validator: inputOf({ required: ['deliveryId'], optional: ['reason'] }) };
const ofReplay = { validator: inputOf({ required: ['deliveryId'], optional: ['replayId', 'reason'] }) };
const ofEndpoint = { validator: inputOf({ required: ['endpointId'], optional: ['reason'] }) };
const ofHead = { validator: inputOf({ required: ['endpointId'], optional: ['orderingKey', 'reason'] }) };

/** After a cancellation it obeys what is queued and ends; a worker starts it again within a minute. */
export async function operator(input: OperatorInput = {}): Promise<void> {
  const orders = new Orders(input);
  let replays = 0;
  const cancel = (said: unknown) => deliveryOrder(said, { kind: 'cancel' });
  const retryNow = (said: unknown) => deliveryOrder(said, { kind: 'retry-now' });
  const replay = (said: unknown) =>
    deliveryOrder(said, { kind: 'replay', replayId: textField(said, 'replayId') ?? replayIdOf(() => ++replays) });
  const pause = (said: unknown) => gateOrder(said, 'pause');
  const resume = (said: unknown) => gateOrder(said, 'resume');
  setHandler(recentQuery, () => orders.recent);
  setHandler(cancelSignal, (said) => orders.add('cancel', cancel(said)));
  setHandler(retryNowSignal, (said) => orders.add('retryNow', retryNow(said)));
  setHandler(replaySignal, (said) => orders.add('replay', replay(said)));
  setHandler(pauseSignal, (said) => orders.add('pause', pause(said)));
  setHandler(resumeSignal, (said) => orders.add('resume', resume(said)));
  setHandler(skipHeadSignal, (said) => orders.add('skipHead', headOrder(said)));
  setHandler(cancelUpdate, (said) => orders.ask(cancel(said)), ofDelivery);
  setHandler(retryNowUpdate, (said) => orders.ask(retryNow(said)), ofDelivery);
  setHandler(replayUpdate, (said) => orders.ask(replay(said)), ofReplay);
  setHandler(pauseUpdate, (said) => orders.ask(pause(said)), ofEndpoint);
  setHandler(resumeUpdate, (said) => orders.ask(resume(said)), ofEndpoint);
  setHandler(skipHeadUpdate, (said) => orders.ask(headOrder(said)), ofHead);
  try {
    await orders.obey();
  } finally {
    await handlersFinished();
  }
}

function deliveryOrder(said: unknown, command: Command): OperatorOrder | undefined {
  const deliveryId = textField(said, 'deliveryId');
  return deliveryId === undefined ? undefined : { deliveryId, command };
}

function gateOrder(said: unknown, gate: Gate): OperatorOrder | undefined {
  const endpointId = textField(said, 'endpointId');
  return endpointId === undefined ? undefined : { endpointId, gate };
}

function headOrder(said: unknown): OperatorOrder | undefined {
  const [endpointId, skipHeadOf] = [textField(said, 'endpointId'), orderingKeyField(said)];
  return endpointId === undefined || skipHeadOf === undefined ? undefined : { endpointId, skipHeadOf };
}
