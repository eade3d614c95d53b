// Orders to a delivery: what they are called, and how it shows that one was obeyed.
import type { Delivery, DeliveryExplanation } from '@posthorn/client';
import { isSentAgain } from '../../parts/attempts/sent-again.ts';

export type Command = DeliveryExplanation['commands'][number]['command'];

interface OrderWords {
  /** The verb on the button. */
  verb: string;
  /** In place of the verb, until it is obeyed. */
  asked: string;
  done: string;
}

export const orderWords: Record<Command, OrderWords> = {
  replay: { verb: 'Replay', asked: 'Replay asked', done: 'Replayed' },
  'retry-now': { verb: 'Retry now', asked: 'Retry asked', done: 'Retried' },
  cancel: { verb: 'Cancel', asked: 'Cancel asked', done: 'Cancelled' },
  release: { verb: 'Release', asked: 'Release asked', done: 'Released' },
};

/** `before`: the delivery when it was ordered. */
export interface Asked {
  command: Command;
  before: Delivery;
}

/** What became of an order, as soon as the delivery shows it. Null: not yet. */
export function outcomeOf({ command, before }: Asked, now: Delivery): string | null {
  const { done } = orderWords[command];
  if (command === 'cancel') return now.status === 'cancelled' ? `${done}: no further attempt is made.` : null;
  if (now.status === 'held') return `${done}: it waits in the lane of its endpoint.`;
  if (isSentAgain(before, now)) return `${done}: ${now.lastMessage ?? now.status}.`;
  return command === 'release' && now.status !== 'quarantined' && now.nextAttemptAt !== null ? `${done}: its attempts go on.` : null;
}
