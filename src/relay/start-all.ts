// Starts many workflows, a few at a time.

const startsAtOnce = 8;

/** Calls `start` for each item, 8 at once. No further ones when `stopping` is aborted. Rejects with the first rejection. */
export async function startAll<T>(items: readonly T[], start: (item: T) => Promise<void>, stopping?: AbortSignal): Promise<void> {
  for (let from = 0; from < items.length && !stopping?.aborted; from += startsAtOnce) {
    await Promise.all(items.slice(from, from + startsAtOnce).map(start));
  }
}
