// Decides whether a worker polls a task queue of Temporal, from what its polls did so far. Called at
// each probe of readiness. Pure: the time is an argument.

/** An empty poll is answered after 60 s; the rest is for a slow machine or network. */
const answeredWithinMs = 90_000;
/** A single failure, such as a connection that the server closes, is retried at once. */
const failingForMs = 5_000;
/** Polls that fail are retried at least this often, so a failure that is older was the last one. */
const failureFreshForMs = 20_000;

export class PollHealth {
  #begunAt: number | undefined;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #failingSince: number | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;
  #freeSlots: number | undefined;

  begun(nowMs: number): void {
    this.#begunAt ??= nowMs;
  }

  /** A poll brought a task or was empty, or a task was finished. */
  answered(nowMs: number): void {
    this.#answeredAt = nowMs;
    this.#failingSince = undefined;
  }

  failed(nowMs: number): void {
    if (nowMs - this.#failedAt > failureFreshForMs) this.#failingSince = undefined;
    this.#failingSince ??= nowMs;
    this.#failedAt = nowMs;
  }

  /** Without a free slot a worker does not poll. */
  freeSlots(free: number): void {
    this.#freeSlots = free;
  }

  /**
   * True: a poll was answered in the last 90 s, or the first one is not older. False: no poll was ever begun, none was
   * answered for longer, or all have failed for 5 s and more. So it turns false 90 s after a connection froze, and true
   * with the first answers when Temporal is back: without tasks after 60 s.
   */
  isPolling(nowMs: number): boolean {
    if (this.#begunAt === undefined) return false;
    if (this.#isFailing(nowMs)) return false;
    if (this.#freeSlots === 0) return true;
    return nowMs - Math.max(this.#begunAt, this.#answeredAt) <= answeredWithinMs;
  }

  #isFailing(nowMs: number): boolean {
    const since = this.#failingSince;
    return since !== undefined && this.#failedAt - since >= failingForMs && nowMs - this.#failedAt <= failureFreshForMs;
  }
}
