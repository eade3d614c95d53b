// The days that may hold deliveries without a workflow under way. Read every 10 s, and when asked; days of deliveries that
// this process records are added at once.
import { dayOf, pumpedDays } from '#db/deliveries/pumped';
import type { Db } from '#db/store/pool';

export class PumpedDays {
  readonly #db: Db;
  readonly #readEveryMs: number;
  #days = new Set<number>();
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(db: Db, readEveryMs: number) {
    this.#db = db;
    this.#readEveryMs = readEveryMs;
  }

  add(deliveryId: string): void {
    this.#days.add(dayOf(deliveryId));
  }

  /** The next call of `read` asks PostgreSQL. */
  expire(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
  }

  /** In their order. */
  async read(): Promise<number[]> {
    const now = performance.now();
    if (now - this.#readAt >= this.#readEveryMs) {
      const before = this.#days;
      // before the statement: meanwhile days may be added
      this.#days = new Set();
      this.#readAt = now;
      try {
        for (const day of await pumpedDays(this.#db)) this.#days.add(day);
      } catch (error) {
        for (const day of before) this.#days.add(day);
        this.expire();
        throw error;
      }
    }
    return [...this.#days].toSorted((a, b) => a - b);
  }
}
