// Polling with a deadline: the only way a test waits. What takes long is looked at less often, so that looking does not slow it down.
import { setTimeout as delay } from 'node:timers/promises';

const shortestMs = 10;
const usualLongestMs = 100;

/** The first value that is not null, undefined or false; throws after `withinMs`, naming what was waited for and the last value or error. */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  withinMs = 40_000,
  longestMs = usualLongestMs,
): Promise<Exclude<NonNullable<T>, false>> {
  const began = performance.now();
  const deadline = began + withinMs;
  let last: unknown;
  do {
    try {
      const value = await ask();
      if (value !== null && value !== undefined && value !== false) return value as Exclude<NonNullable<T>, false>;
      last = value;
    } catch (error) {
      last = error;
    }
    await delay(Math.min(Math.max((performance.now() - began) / 10, shortestMs), longestMs));
  } while (performance.now() < deadline);
  throw new Error(`waited ${withinMs} ms in vain for ${what}; last: ${String(last)}`, { cause: last });
}
