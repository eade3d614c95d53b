// Waits for an abort. `aborted` of node:util does not do: it keeps neither the signal nor its resource alive, so that a signal
// of `AbortSignal.any` that nobody else holds is collected, and the wait never ends.
import { addAbortListener } from 'node:events';

/** Resolves when `signal` is aborted; at once if it is already. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  addAbortListener(signal, () => resolve());
  return promise;
}

/**
 * Resolves to null when `signal` is aborted before `work` ends; `work` then continues in the background. Rejects as
 * `work` does.
 * @example const connection = await orAborted(connect(url), stopping);
 */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  const listener = addAbortListener(signal, () => resolve(null));
  try {
    return await Promise.race([work, promise]);
  } finally {
    listener[Symbol.dispose]();
  }
}
