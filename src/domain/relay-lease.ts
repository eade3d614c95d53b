// The lease of a relay: one id, from its registration until it is fenced. The relay acts only while its last successful
// renewal was sent recently (usually 3 s), and never again after that. Times are of a monotonic clock.
import type { Timings } from './timings.ts';

type LeaseTimes = Pick<Timings['relay'], 'fencedAfterMs' | 'steadyAfterMs'>;

export class Lease {
  readonly id: string;
  readonly #beganAtMs: number;
  readonly #times: LeaseTimes;
  #renewedAtMs: number;

  /** `beganAtMs`: when the registration was sent. */
  constructor(id: string, beganAtMs: number, times: LeaseTimes) {
    this.id = id;
    this.#beganAtMs = beganAtMs;
    this.#times = times;
    this.#renewedAtMs = beganAtMs;
  }

  /** Notes a successful renewal. One that was answered too late does not revive the lease. */
  renewed(sentAtMs: number, nowMs: number): void {
    if (this.isFresh(nowMs)) this.#renewedAtMs = sentAtMs;
  }

  /** Notes that the relay's row is gone: the relay must never act again under this id. */
  lost(): void {
    this.#renewedAtMs = Number.NEGATIVE_INFINITY;
  }

  /** True: the last successful renewal was sent less than `fencedAfterMs` ago, so the relay may act. */
  isFresh(nowMs: number): boolean {
    return nowMs - this.#renewedAtMs < this.#times.fencedAfterMs;
  }

  /** True: renewed for `steadyAfterMs` without a break, so the relay may take rows of other relays. */
  isSteady(nowMs: number): boolean {
    return this.isFresh(nowMs) && nowMs - this.#beganAtMs >= this.#times.steadyAfterMs;
  }
}
