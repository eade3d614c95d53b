// How often each key may call, over all API processes, without a statement in the way of each call.
//
// PostgreSQL holds the count of a key's window (db/api-rates.ts). A process draws shares from it: it adds to the count first and lets calls through
// afterwards, so no two processes let the same call of a quota through. Shares follow what the process is asked for, and the next is drawn before the last is used
// up, so calls seldom wait for one. What a process has not used when the window ends is lost with it: a share at most.
// In each window a process lets a hundredth of the quota, and at least one call, through on its own; only with its first share does it tell of them. So a
// quiet key costs no statement, and the processes together let through at most the quota and these for each of them.
import type { RateCounter } from '#db/access/api-rates';
import type { Quota } from '#domain/api-rate';

export interface Verdict {
  allowed: boolean;
  /** How many more this process knows of, at least. */
  remaining: number;
  /** Until the next window begins. */
  msLeft: number;
}

export interface RateLimiter {
  /** One call of this key. At once, but where a share must be drawn first. */
  take(key: string, quota: Quota): Verdict | Promise<Verdict>;
}

export interface RateLimiterOptions {
  counter: RateCounter;
  /** Unix milliseconds. */
  clock?: () => number;
  /** How many keys are remembered at most. */
  most?: number;
}

interface Window {
  endsAt: number;
  /** Of the shares drawn. */
  left: number;
  /** Let through on our own, and not told of. */
  untold: number;
  /** The count in PostgreSQL when it was last heard of. */
  counted: number;
  used: number;
  usedBefore: number;
  /** How many calls wait for the share that is being drawn. */
  waiting: number;
  share: number;
  drawing: Promise<void> | null;
}

/** So much of a quota makes the largest share, and of what a process was asked for its usual one. */
const part = 10;

export function createRateLimiter({ counter, clock = Date.now, most = 10_000 }: RateLimiterOptions): RateLimiter {
  const windows = new Map<string, Window>();

  function windowOf(key: string, { windowSeconds }: Quota): Window {
    const now = clock();
    const found = windows.get(key);
    if (found && now < found.endsAt) return found;
    const endsAt = now + windowSeconds * 1_000;
    const next = { endsAt, left: 0, untold: 0, counted: 0, used: 0, waiting: 0, share: 1, drawing: null };
    if (found) return Object.assign(found, next, { usedBefore: found.used, waiting: found.waiting, drawing: found.drawing });
    if (windows.size >= most) forgetOldest();
    const made = { ...next, usedBefore: 0 };
    windows.set(key, made);
    return made;
  }

  /** One forgotten in its window begins it anew with what it may let through on its own. */
  function forgetOldest(): void {
    const { value: oldest, done } = windows.keys().next();
    if (!done) windows.delete(oldest);
  }

  function draw(key: string, quota: Quota, window: Window): Promise<void> {
    window.drawing ??= drawShare(key, quota, window).finally(() => {
      window.drawing = null;
    });
    return window.drawing;
  }

  async function drawShare(key: string, quota: Quota, window: Window): Promise<void> {
    const wanted = Math.max(window.waiting, Math.ceil(Math.max(window.used, window.usedBefore) / part));
    const share = Math.min(Math.max(1, wanted), Math.max(window.waiting, Math.ceil(quota.requests / part)));
    const { untold } = window;
    window.untold = 0;
    const { counted, msLeft } = await counter.add(key, untold + share, quota.windowSeconds);
    const now = clock();
    // what was left belongs to a window that is over
    if (now >= window.endsAt) windowOf(key, quota);
    const granted = untold + share - Math.max(0, counted - quota.requests);
    Object.assign(window, { endsAt: now + msLeft, counted, share, left: window.left + Math.max(0, granted - untold) });
  }

  function take(key: string, quota: Quota): Verdict | Promise<Verdict> {
    const window = windowOf(key, quota);
    if (window.left > 0) {
      window.left--;
      window.used++;
      if (window.left * 2 < window.share && window.counted < quota.requests) void draw(key, quota, window).catch(() => undefined);
      return verdict(true, window, quota);
    }
    if (window.counted >= quota.requests) return verdict(false, window, quota);
    if (window.counted === 0 && window.untold < Math.max(1, Math.floor(quota.requests / 100)) && !window.drawing) {
      window.untold++;
      window.used++;
      return verdict(true, window, quota);
    }
    return wait(key, quota, window);
  }

  async function wait(key: string, quota: Quota, window: Window): Promise<Verdict> {
    window.waiting++;
    try {
      await draw(key, quota, window);
    } finally {
      window.waiting--;
    }
    return take(key, quota);
  }

  function verdict(allowed: boolean, { left, counted, untold, endsAt }: Window, { requests }: Quota): Verdict {
    return { allowed, remaining: left + Math.max(0, requests - counted - untold), msLeft: Math.max(0, endsAt - clock()) };
  }

  return { take };
}
