// Long synchronous work in stretches: other requests are served in between.

const stretchMs = 10;

/** All that an iterable gives. Each step should take milliseconds at most. */
export async function inStretches<Item>(steps: Iterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  let from = performance.now();
  for (const item of steps) {
    items.push(item);
    if (performance.now() - from < stretchMs) continue;
    await new Promise((resolve) => setImmediate(resolve));
    from = performance.now();
  }
  return items;
}
