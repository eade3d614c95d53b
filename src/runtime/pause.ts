// Waits in loops that a stop ends.
import { setTimeout as delay } from 'node:timers/promises';

/** Resolves after `ms`, or when `signal` is aborted. Never rejects. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
