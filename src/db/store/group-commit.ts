// Group commit: writes that arrive together share one statement. While a statement runs, the next
// group forms. If nobody waits for the answer, the first write may also linger for others: that
// saves most of the statements at low rates.
import { isBadData, isStoreAway, StoreOverloaded } from './errors.ts';
import { retryTransaction } from './retry-transaction.ts';

export interface GroupCommitOptions<T, R> {
  /** Writes all items in one transaction; results in the order of the items. */
  write(items: T[]): Promise<R[]>;
  /** Weight of an item, counted against `maxWeight` (default 1). */
  weigh?(item: T): number;
  maxWeight: number;
  /** Maximum total weight of the waiting items (default: no limit). More than that is refused as overloaded. */
  maxWaiting?: number;
  /** Concurrent statements (default 1). */
  lanes?: number;
  /** How many ms a group that weighs less than `enough` waits for more items (default: 0). */
  linger?: { ms: number; enough: number };
}

export interface GroupCommit<T, R> {
  /** Resolves when the item is committed. */
  add(item: T): Promise<R>;
}

interface Waiting<T, R> {
  item: T;
  resolve(result: R): void;
  reject(error: unknown): void;
}

/**
 * What if a group fails? After a lost race (deadlock, serialisation failure) the whole group runs again. On bad data
 * (classes 22 and 23) the group is split in halves until the bad item is alone; only its caller gets the error. Any
 * other error goes to every caller of the group. If the store is unavailable, all waiting items get it too, so that
 * they do not run into one timeout after the other.
 */
export function createGroupCommit<T, R>({
  write,
  weigh = () => 1,
  maxWeight,
  maxWaiting = Number.POSITIVE_INFINITY,
  lanes = 1,
  linger = { ms: 0, enough: 0 },
}: GroupCommitOptions<T, R>): GroupCommit<T, R> {
  const queue: Waiting<T, R>[] = [];
  let running = 0;
  let weightWaiting = 0;
  let lingering: NodeJS.Timeout | undefined;

  function begin(): void {
    clearTimeout(lingering);
    lingering = undefined;
    if (running < lanes && queue.length > 0) void drain();
  }

  async function drain(): Promise<void> {
    running++;
    do await commit(take());
    while (queue.length > 0 && weightWaiting >= linger.enough);
    running--;
    if (queue.length > 0) lingering ??= setTimeout(begin, linger.ms);
  }

  function take(): Waiting<T, R>[] {
    let weight = 0;
    let count = 0;
    for (const { item } of queue) {
      weight += weigh(item);
      if (count > 0 && weight > maxWeight) break;
      count++;
    }
    const group = queue.splice(0, count);
    weightWaiting -= weightOf(group);
    return group;
  }

  function weightOf(group: Waiting<T, R>[]): number {
    return group.reduce((sum, { item }) => sum + weigh(item), 0);
  }

  function rejectAll(error: unknown): void {
    weightWaiting = 0;
    for (const waiting of queue.splice(0)) waiting.reject(error);
  }

  async function commit(group: Waiting<T, R>[]): Promise<void> {
    try {
      const results = await retryTransaction(() => write(group.map(({ item }) => item)));
      for (const [index, waiting] of group.entries()) waiting.resolve(results[index] as R);
    } catch (error) {
      if (!isBadData(error) || group.length === 1) {
        for (const waiting of group) waiting.reject(error);
        if (isStoreAway(error)) rejectAll(error);
        return;
      }
      const half = Math.ceil(group.length / 2);
      await commit(group.slice(0, half));
      await commit(group.slice(half));
    }
  }

  return {
    add(item) {
      const weight = weigh(item);
      if (weightWaiting + weight > maxWaiting && weightWaiting > 0) return Promise.reject(new StoreOverloaded());
      weightWaiting += weight;
      return new Promise<R>((resolve, reject) => {
        queue.push({ item, resolve, reject });
        if (running === lanes) return;
        if (weightWaiting < linger.enough) lingering ??= setTimeout(begin, linger.ms);
        // the rest of this tick may add items to the same statement
        else queueMicrotask(begin);
      });
    },
  };
}
