// What a workflow is told of a command: of a delivery, of the gate of an endpoint, of a skipped
// dead letter.
import type { CommandAnswer, Gate } from '#contract/workflow-contract';
import type { CommandResult } from '#db/deliveries/commands';
import { obstacles } from '#domain/deliveries/delivery';
import type { unverified } from '#domain/endpoints/verification';

export const noSuchDelivery: CommandAnswer = { obeyed: false, reason: 'no such delivery' };
export const noSuchEndpoint: CommandAnswer = { obeyed: false, reason: 'no such endpoint' };

export function answerOfCommand(result: CommandResult | null): CommandAnswer {
  if (!result) return noSuchDelivery;
  const { obeyed, status, obstacle } = result;
  if (obstacle) return { obeyed: false, status, reason: obstacles[obstacle] };
  return obeyed ? { obeyed, status } : { obeyed, status, reason: `not possible while ${status}` };
}

export function answerOfGate(gate: Gate, done: boolean | typeof unverified): CommandAnswer {
  if (done === 'unverified') return { obeyed: false, reason: 'not possible until the endpoint is verified' };
  return done ? { obeyed: true, status: `${gate}d` } : noSuchEndpoint;
}

export function answerOfSkip(deliveryId: string | null): CommandAnswer {
  return deliveryId === null ? { obeyed: false, reason: 'no dead letter blocks it' } : { obeyed: true, status: 'skipped', deliveryId };
}
