// When the sweep tries each piece of overdue work again: after 10 s, 20 s, 40 s … at most 5 min, each varied by 20 %.
// So work that cannot move costs little. Kept in memory: another process that sweeps begins again.
import { LRUCache } from 'lru-cache';

const longestMs = 300_000;
/** Above this the oldest are forgotten, and so tried at once. */
const most = 100_000;

interface Tried {
  times: number;
  nextAtMs: number;
}

export class RetryTimes {
  readonly #firstMs: number;
  readonly #clock: () => number;
  readonly #tried = new LRUCache<string, Tried>({ max: most });

  constructor(firstMs: number, clock = () => performance.now()) {
    this.#firstMs = firstMs;
    this.#clock = clock;
  }

  isDue(key: string): boolean {
    return (this.#tried.get(key)?.nextAtMs ?? 0) <= this.#clock();
  }

  /** Temporal was away: that was no try. */
  forget(key: string): void {
    this.#tried.delete(key);
  }

  /** Notes a try. Returns how many there were, with this one. */
  tried(key: string): number {
    const times = (this.#tried.get(key)?.times ?? 0) + 1;
    const wait = Math.min(longestMs, this.#firstMs * 2 ** (times - 1)) * (0.8 + 0.4 * Math.random());
    // forgotten a while after the last retry, because work that is done is not overdue any more
    this.#tried.set(key, { times, nextAtMs: this.#clock() + wait }, { ttl: 2 * longestMs });
    return times;
  }
}
