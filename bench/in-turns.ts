// Calls a function for each of many items, 32 at once.

const atOnce = 32;

/** Aborted by the main program when it should end. */
export const interrupted = new AbortController();

/** All calls have ended when it returns or throws. */
export async function inTurns<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  const one = async () => {
    for (const item of rest) {
      interrupted.signal.throwIfAborted();
      await act(item);
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: atOnce }, one));
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
}
