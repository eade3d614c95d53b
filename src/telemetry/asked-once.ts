// Questions to a store that the gauges of one page share.
import type { Logger } from '#runtime/logger';

const timeoutMs = 2_000;

/** Concurrent calls share one question. Resolves to undefined, and logs `metric`, if it failed or took longer than 2 s. */
export function askedOnce<T>(ask: () => Promise<T>, metric: string, log: Logger): () => Promise<T | undefined> {
  let asking: Promise<T | undefined> | undefined;
  return () => {
    asking ??= soon(ask())
      .catch((error): undefined => log.warn({ err: error, metric }, 'metrics.not_asked') as undefined)
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };
}

/** Resolves like `asked`, or to undefined after 2 s. */
export async function soon<T>(asked: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, undefined);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
