// Works through items side by side, but through those with the same key one after the other.

/**
 * `keyOf`: null for an item that need not wait for another. When `work` returns false the items after it with the same
 * key are left out. Resolves when no work is running any more; rejects with the first error after that.
 */
export async function workInChains<T>(
  items: readonly T[],
  keyOf: (item: T) => string | null,
  atOnce: number,
  work: (item: T) => Promise<boolean>,
): Promise<void> {
  const waiting = chainsOf(items, keyOf)[Symbol.iterator]();
  const worker = async () => {
    // all workers share the iterator
    for (const chain of waiting) {
      for (const item of chain) if (!(await work(item))) break;
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}

function chainsOf<T>(items: readonly T[], keyOf: (item: T) => string | null): T[][] {
  const chains: T[][] = [];
  const byKey = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const chain = key === null ? undefined : byKey.get(key);
    if (chain) {
      chain.push(item);
      continue;
    }
    const next = [item];
    chains.push(next);
    if (key !== null) byKey.set(key, next);
  }
  return chains;
}
