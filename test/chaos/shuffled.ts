// A random order that its seed repeats.

/** @example shuffled([1, 2, 3], 42) // always the same order */
export function shuffled<T>(all: readonly T[], seed: number): T[] {
  const rest = [...all];
  let state = seed % 2_147_483_647 || 1;
  const next = (below: number) => {
    // the minimal standard generator of Park and Miller
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  return all.flatMap(() => rest.splice(next(rest.length), 1));
}
