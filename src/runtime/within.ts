// Waits with a deadline for work that may hang.
import { setTimeout as delay } from 'node:timers/promises';

/** Waits at most `ms` for `done`, which then continues in the background. Resolves to whether it ended in time. Rejects as `done` does. */
export async function within(ms: number, done: Promise<unknown>): Promise<boolean> {
  const enough = new AbortController();
  const late = delay(ms, false, { signal: enough.signal }).catch(() => false);
  return Promise.race([done.then(() => true).finally(() => enough.abort()), late]);
}
