// Rate limit of each API key, shared by all API processes, without a database statement per call.
// Called for every request of a limited key. The limit can be exceeded by max(1, 1 %) per process
// and window.
import { LRUCache } from 'lru-cache';
import type { RateCounter } from '#db/access/api-rates';
import type { Quota } from '#domain/access/api-rate';

export interface Verdict {
  allowed: boolean;
  /** How many more calls are allowed in this window, at least, as far as this process knows. */
  remaining: number;
  /** Milliseconds until the next window begins. */
  msLeft: number;
}

export interface RateLimiterOptions {
  counter: RateCounter;
  /** Unix milliseconds. */
  clock?: () => number;
  /** The maximum number of keys in memory. Beyond that the least recently used one is evicted. */
  most?: number;
}

interface Window {
  /** By `clock`. */
  endsAt: number;
  /** Calls left of the shares drawn. */
  left: number;
  /** Calls allowed without a share, and not yet added to the count in PostgreSQL. */
  unreported: number;
  /** The count in PostgreSQL when it was last read. */
  counted: number;
  used: number;
  usedBefore: number;
  /** Calls that wait for the share that is being drawn. */
  waiting: number;
  share: number;
  drawing: Promise<void> | null;
}

/** The usual share is a tenth of the calls of the current or last window; the largest is a tenth of the quota. */
const part = 10;

/**
 * PostgreSQL holds the count of a key's window (db/access/api-rates.ts). A process draws shares of the quota: it adds a
 * share to the count first and allows calls afterwards, so no two processes allow the same call. The size of a share
 * follows the demand. The next share is drawn before the current one is used up, so calls rarely wait. A process loses
 * the unused rest of its share when the window ends.
 *
 * In each window a process allows 1 % of the quota, and at least one call, without a share. It adds these calls to the
 * count with its first share. So a quiet key costs no statement, and all processes together allow at most the quota
 * plus these calls.
 */
export class RateLimiter {
  readonly #counter: RateCounter;
  readonly #clock: () => number;
  /** A key that is evicted within its window gets its calls without a share once more. */
  readonly #windows: LRUCache<string, Window>;

  constructor({ counter, clock = Date.now, most = 10_000 }: RateLimiterOptions) {
    this.#counter = counter;
    this.#clock = clock;
    this.#windows = new LRUCache({ max: most });
  }

  /** Counts one call of this key. Returns a promise only if a share must be drawn first. */
  take(key: string, quota: Quota): Verdict | Promise<Verdict> {
    const window = this.#windowOf(key, quota);
    if (window.left > 0) {
      window.left--;
      window.used++;
      if (window.left * 2 < window.share && window.counted < quota.requests) void this.#draw(key, quota, window).catch(() => undefined);
      return this.#verdict(true, window, quota);
    }
    if (window.counted >= quota.requests) return this.#verdict(false, window, quota);
    if (window.counted === 0 && window.unreported < Math.max(1, Math.floor(quota.requests / 100)) && !window.drawing) {
      window.unreported++;
      window.used++;
      return this.#verdict(true, window, quota);
    }
    return this.#waitForShare(key, quota, window);
  }

  async #waitForShare(key: string, quota: Quota, window: Window): Promise<Verdict> {
    window.waiting++;
    try {
      await this.#draw(key, quota, window);
    } finally {
      window.waiting--;
    }
    return this.take(key, quota);
  }

  #draw(key: string, quota: Quota, window: Window): Promise<void> {
    window.drawing ??= this.#drawShare(key, quota, window).finally(() => {
      window.drawing = null;
    });
    return window.drawing;
  }

  async #drawShare(key: string, quota: Quota, window: Window): Promise<void> {
    const wanted = Math.max(window.waiting, Math.ceil(Math.max(window.used, window.usedBefore) / part));
    const share = Math.min(Math.max(1, wanted), Math.max(window.waiting, Math.ceil(quota.requests / part)));
    const { unreported } = window;
    window.unreported = 0;
    const { counted, msLeft } = await this.#counter.add(key, unreported + share, quota.windowSeconds);
    const now = this.#clock();
    // the rest of the old share belongs to the window that has ended
    if (now >= window.endsAt) this.#windowOf(key, quota);
    const granted = unreported + share - Math.max(0, counted - quota.requests);
    Object.assign(window, { endsAt: now + msLeft, counted, share, left: window.left + Math.max(0, granted - unreported) });
  }

  #windowOf(key: string, { windowSeconds }: Quota): Window {
    const now = this.#clock();
    const found = this.#windows.get(key);
    if (found && now < found.endsAt) return found;
    const endsAt = now + windowSeconds * 1_000;
    const next = { endsAt, left: 0, unreported: 0, counted: 0, used: 0, waiting: 0, share: 1, drawing: null };
    if (found) return Object.assign(found, next, { usedBefore: found.used, waiting: found.waiting, drawing: found.drawing });
    const made = { ...next, usedBefore: 0 };
    this.#windows.set(key, made);
    return made;
  }

  #verdict(allowed: boolean, { left, counted, unreported, endsAt }: Window, { requests }: Quota): Verdict {
    return { allowed, remaining: left + Math.max(0, requests - counted - unreported), msLeft: Math.max(0, endsAt - this.#clock()) };
  }
}
