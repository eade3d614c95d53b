// The orders that wait for the operator, and which of them are obeyed next.
import { type CommandAnswer, type OperatorOrder, subjectOf } from '#contract/workflow-contract';

export interface QueuedOrder {
  order: OperatorOrder;
  /** Answers the Update that gave the order; absent: it came by signal. */
  answer?(answer: CommandAnswer): void;
}

const batchSize = 50;

/**
 * Takes up to 50 orders out of the queue, in their order: first those of Updates, because somebody waits for the
 * answer, then the oldest. An order of an Update does not pass an older one of the same delivery or endpoint.
 */
export function takeBatch(queue: QueuedOrder[]): QueuedOrder[] {
  const awaited = awaitedIn(queue);
  if (awaited.size === 0) return queue.splice(0, batchSize);
  const first = [...awaited].toReversed().slice(0, batchSize);
  const others = queue.flatMap((_each, index) => (awaited.has(index) ? [] : [index])).slice(0, batchSize - first.length);
  const taken = new Set([...first, ...others]);
  const batch = queue.filter((_each, index) => taken.has(index));
  const left = queue.filter((_each, index) => !taken.has(index));
  queue.splice(0, queue.length, ...left);
  return batch;
}

/** Indexes of the orders that an Update waits for, the last one first. */
function awaitedIn(queue: readonly QueuedOrder[]): Set<number> {
  const indexes = new Set<number>();
  const subjects = new Set<string>();
  for (let index = queue.length - 1; index >= 0; index--) {
    const { order, answer } = queue[index] as QueuedOrder;
    if (answer) subjects.add(subjectOf(order));
    if (subjects.has(subjectOf(order))) indexes.add(index);
  }
  return indexes;
}
