// Opens several things one after the other, and closes them in reverse order.

/** Called last first. */
export type Closers = (() => unknown)[];

/**
 * `open` adds a closer for each thing that it has opened. Returns the function that closes all of them. If `open` fails,
 * what it had opened is closed.
 *
 * @example
 * const close = await openInOrder(async (closers) => { closers.push((await openPool()).end); });
 */
export async function openInOrder(open: (closers: Closers, close: () => Promise<void>) => Promise<void>): Promise<() => Promise<void>> {
  const closers: Closers = [];
  const close = async () => {
    for (let closer = closers.pop(); closer; closer = closers.pop()) await closer();
  };
  try {
    await open(closers, close);
    return close;
  } catch (error) {
    await close();
    throw error;
  }
}
