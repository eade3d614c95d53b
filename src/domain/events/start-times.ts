// Whether Temporal has become slow: then a workflow costs others more than it is worth, and the budget is closed for a while.

/** A start, and the wait of an activity in its queue, above which Temporal is slow, in milliseconds. */
const slowMs = { call: 150, wait: 400 };
const closedForMs = 2_000;
const weight = 1 / 4;
/** One long outlier does not close the budget for long. */
const mostOfLimit = 4;
const baselineMs = 600_000;

type TimedKind = keyof typeof slowMs;

/**
 * Two averages, in which each new time counts for a quarter: of the calls that start workflows, and of the waits of
 * activities in their queue. Above its limit, either closes the budget until it has been below half of it for 2 s.
 */
export class StartTimes {
  readonly #average = { call: 0, wait: 0 };
  #slowUntil = 0;
  #shortest = Number.POSITIVE_INFINITY;
  #shortestBefore = Number.POSITIVE_INFINITY;
  #shortestSince = 0;

  /** `ms`: how long a start took. */
  noteCall(ms: number, nowMs: number): void {
    this.#note('call', ms, nowMs);
  }

  /**
   * `ms`: from the time at which Temporal scheduled an activity to its begin here. The clocks may differ, so the shortest of
   * the last ten minutes or more counts as no wait.
   */
  noteWait(ms: number, nowMs: number): void {
    if (nowMs - this.#shortestSince >= baselineMs || nowMs < this.#shortestSince) {
      this.#shortestBefore = this.#shortest;
      this.#shortest = Number.POSITIVE_INFINITY;
      this.#shortestSince = nowMs;
    }
    this.#shortest = Math.min(this.#shortest, ms);
    this.#note('wait', ms - Math.min(this.#shortest, this.#shortestBefore), nowMs);
  }

  isSlow(nowMs: number): boolean {
    // a clock that was set back does not keep it closed
    return nowMs < this.#slowUntil && this.#slowUntil - nowMs <= closedForMs;
  }

  #note(kind: TimedKind, ms: number, nowMs: number): void {
    const limit = slowMs[kind];
    this.#average[kind] += (Math.min(ms, mostOfLimit * limit) - this.#average[kind]) * weight;
    if (this.#average[kind] > (this.isSlow(nowMs) ? limit / 2 : limit)) this.#slowUntil = nowMs + closedForMs;
  }
}
