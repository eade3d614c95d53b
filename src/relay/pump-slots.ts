// The slots that the pump may use: those of the process, with further limits, so that first attempts and lanes always
// find some, and endpoints that do not respond leave some to the others.
import type { SlotLimits, Slots } from '#attempts/slots';
import { type Bucket, refilled } from '#domain/lanes/token-bucket';

/** Attempts begun in a second, and at once. */
const rate = { perSecond: 500, burst: 50 };
/** Of the burst and of the slots, for deliveries whose last attempt timed out: the others must not take all. */
const slowBurst = 10;
const usualPart = 7 / 8;

export interface PumpSlotsOptions {
  slots: Slots;
  limits: Pick<SlotLimits, 'process'>;
  /** False: nothing may begin now. */
  mayBegin(): boolean;
  /** A monotonic clock, in milliseconds. */
  now?: () => number;
}

/**
 * At most half of the process's slots, and none while three quarters of all are in use. Of the pump's slots, at most half
 * are for deliveries whose last attempt timed out.
 */
export class PumpSlots {
  readonly #options: PumpSlotsOptions;
  readonly #now: () => number;
  readonly #most: number;
  #inUse = 0;
  #slowInUse = 0;
  #bucket: Bucket;

  constructor(options: PumpSlotsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#most = Math.max(1, Math.floor(options.limits.process / 2));
    this.#bucket = { tokens: rate.burst, atMs: this.#now() };
  }

  /** A view for one of the two kinds of deliveries. `slow`: the last attempt timed out. */
  for(kind: 'slow' | 'usual'): Slots {
    const { slots } = this.#options;
    return {
      take: (tenantId, endpointId, limit) => this.#take(kind === 'slow', tenantId, endpointId, limit),
      ofEndpoint: slots.ofEndpoint,
      inUse: () => (kind === 'slow' ? this.#slowInUse : this.#inUse - this.#slowInUse),
    };
  }

  /** A slot was taken, but no attempt begun: it does not count against the rate. */
  notBegun(): void {
    this.#bucket.tokens++;
  }

  #take(isSlow: boolean, tenantId: string, endpointId: string, limit: number | null): (() => void) | keyof SlotLimits {
    if (!this.#hasRoom(isSlow)) return 'process';
    const giveBack = this.#options.slots.take(tenantId, endpointId, limit);
    if (typeof giveBack !== 'function') return giveBack;
    this.#count(isSlow, 1);
    this.#bucket.tokens--;
    let isTaken = true;
    return () => {
      giveBack();
      if (isTaken) this.#count(isSlow, -1);
      isTaken = false;
    };
  }

  #count(isSlow: boolean, by: number): void {
    this.#inUse += by;
    if (isSlow) this.#slowInUse += by;
  }

  #hasRoom(isSlow: boolean): boolean {
    const { slots, limits, mayBegin } = this.#options;
    if (this.#inUse >= this.#most || slots.inUse() >= (limits.process * 3) / 4) return false;
    const [inUse, part] = isSlow ? [this.#slowInUse, 1 / 2] : [this.#inUse - this.#slowInUse, usualPart];
    if (inUse >= Math.max(1, this.#most * part)) return false;
    this.#bucket = refilled(this.#bucket, rate, this.#now());
    return this.#bucket.tokens >= 1 + (isSlow ? 0 : slowBurst) && mayBegin();
  }
}
