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
  concurrency?: number;
  /** How many ms a group that weighs less than `enough` waits for more items (default: 0). */
  linger?: { ms: number; enough: number };
}

interface Waiting<T, R> {
  item: T;
  resolve(result: R): void;
  reject(error: unknown): void;
}

export function createGroupCommit<T, R>(options: GroupCommitOptions<T, R>): GroupCommit<T, R> {
  return new GroupCommit(options);
}

/**
 * Items wait in a queue. While fewer than `concurrency` loops run, a new item starts one: in the same tick, or after
 * `linger.ms` if the queue weighs less than `linger.enough`. A loop commits one group after the other. It ends when the
 * queue is empty, or too light: then the rest lingers, and starts a loop again.
 *
 * What if a group fails? After a lost race (deadlock, serialisation failure) the whole group runs again. On bad data
 * (classes 22 and 23) the group is split in halves until the bad item is alone; only its caller gets the error. Any
 * other error goes to every caller of the group. If the store is unavailable, all waiting items get it too, so that
 * they do not run into one timeout after the other.
 */
export class GroupCommit<T, R> {
  readonly #write: (items: T[]) => Promise<R[]>;
  readonly #weigh: (item: T) => number;
  readonly #maxWeight: number;
  readonly #maxWaiting: number;
  readonly #concurrency: number;
  readonly #linger: { ms: number; enough: number };
  readonly #begin = () => this.#beginLoop();
  readonly #queue: Waiting<T, R>[] = [];
  /** Total weight of the queue. */
  #weightWaiting = 0;
  /** Loops that run. */
  #running = 0;
  #lingering: NodeJS.Timeout | undefined;

  constructor({
    write,
    weigh = () => 1,
    maxWeight,
    maxWaiting = Number.POSITIVE_INFINITY,
    concurrency = 1,
    linger = { ms: 0, enough: 0 },
  }: GroupCommitOptions<T, R>) {
    this.#write = write;
    this.#weigh = weigh;
    this.#maxWeight = maxWeight;
    this.#maxWaiting = maxWaiting;
    this.#concurrency = concurrency;
    this.#linger = linger;
  }

  /** Resolves when the item is committed. */
  add(item: T): Promise<R> {
    const weight = this.#weigh(item);
    if (this.#weightWaiting + weight > this.#maxWaiting && this.#weightWaiting > 0) return Promise.reject(new StoreOverloaded());
    this.#weightWaiting += weight;
    return new Promise<R>((resolve, reject) => {
      this.#queue.push({ item, resolve, reject });
      if (this.#running === this.#concurrency) return;
      if (this.#weightWaiting < this.#linger.enough) this.#beginLater();
      // the rest of this tick may add items to the same statement
      else queueMicrotask(this.#begin);
    });
  }

  #beginLater(): void {
    this.#lingering ??= setTimeout(this.#begin, this.#linger.ms);
  }

  #beginLoop(): void {
    clearTimeout(this.#lingering);
    this.#lingering = undefined;
    if (this.#running < this.#concurrency && this.#queue.length > 0) void this.#commitQueue();
  }

  async #commitQueue(): Promise<void> {
    this.#running++;
    do await this.#commit(this.#takeGroup());
    while (this.#queue.length > 0 && this.#weightWaiting >= this.#linger.enough);
    this.#running--;
    if (this.#queue.length > 0) this.#beginLater();
  }

  #takeGroup(): Waiting<T, R>[] {
    let weight = 0;
    let count = 0;
    for (const { item } of this.#queue) {
      weight += this.#weigh(item);
      if (count > 0 && weight > this.#maxWeight) break;
      count++;
    }
    const group = this.#queue.splice(0, count);
    this.#weightWaiting -= group.reduce((sum, { item }) => sum + this.#weigh(item), 0);
    return group;
  }

  async #commit(group: Waiting<T, R>[]): Promise<void> {
    try {
      const results = await retryTransaction(() => this.#write(group.map(({ item }) => item)));
      for (const [index, waiting] of group.entries()) waiting.resolve(results[index] as R);
    } catch (error) {
      if (isBadData(error) && group.length > 1) return this.#commitHalves(group);
      for (const waiting of group) waiting.reject(error);
      if (isStoreAway(error)) this.#rejectWaiting(error);
    }
  }

  async #commitHalves(group: Waiting<T, R>[]): Promise<void> {
    const half = Math.ceil(group.length / 2);
    await this.#commit(group.slice(0, half));
    await this.#commit(group.slice(half));
  }

  #rejectWaiting(error: unknown): void {
    this.#weightWaiting = 0;
    for (const waiting of this.#queue.splice(0)) waiting.reject(error);
  }
}
