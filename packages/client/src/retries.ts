// Which answers are worth another try, and how long to wait before it.

export interface RetryRules {
  /** How many times a request is repeated. */
  retries: number;
  /** A longer Retry-After is not waited for: the problem is thrown. */
  maxRetryAfterMs: number;
}

const firstWaitMs = 250;
const longestWaitMs = 8_000;

/** 503 is "not confirmed", 429 "not processed". 409 only while another try with the same Idempotency-Key is running. */
export function isWorthRetrying(status: number, retryAfterMs: number | null): boolean {
  if (status === 409) return retryAfterMs !== null;
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

/** Milliseconds before the next try: doubled each time, half of it random, and at least Retry-After. */
export function waitMs(tries: number, retryAfterMs: number | null, random: number): number {
  const full = Math.min(longestWaitMs, firstWaitMs * 2 ** (tries - 1));
  return Math.max(full / 2 + (full / 2) * random, retryAfterMs ?? 0);
}

/** Rejects with the reason of the signal. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
