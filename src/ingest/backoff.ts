// How long to wait before the next try, and work that starts again after a failure.
import type { Logger } from '#runtime/logger';
import { pause } from '#runtime/pause';

const firstMs = 500;
const longestMs = 30_000;
const longestRetryAfterMs = 300_000;
/** What ran so long has recovered: the next failure is the first one. */
const steadyMs = 60_000;

/** `tries`: how many have failed. Doubles from half a second to 30 s, half of it random, and is not shorter than `afterMs`. */
export function backoffMs(tries: number, afterMs: number | null, random = Math.random()): number {
  const ms = Math.min(longestMs, firstMs * 2 ** Math.min(tries - 1, 10));
  return Math.max(Math.round(ms * (0.5 + random / 2)), Math.min(afterMs ?? 0, longestRetryAfterMs));
}

/** Runs `work` until the signal is aborted, and again after each failure. */
export async function keepRunning(work: () => Promise<void>, signal: AbortSignal, log: Logger): Promise<void> {
  for (let tries = 1; !signal.aborted; tries++) {
    const startedAt = performance.now();
    try {
      await work();
      tries = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (performance.now() - startedAt > steadyMs) tries = 1;
      const waitMs = backoffMs(tries, null);
      log.warn({ err: error, tries, waitMs }, 'ingest.reconnecting');
      await pause(waitMs, signal);
    }
  }
}
