// Polling with a deadline: the only way a test waits. A slow question is asked less often, so that asking does not slow the answer down.
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';

const shortestMs = 10;
const usualLongestMs = 100;
/** Only a failing test waits this long: the machine may be many times slower than usual. */
const usualWithinMs = 60_000;

/** The first value that is not null, undefined or false; throws after `withinMs` and names what was awaited and the last value or error. */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  withinMs = usualWithinMs,
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
  throw new Error(`waited ${withinMs} ms in vain for ${what}; last: ${last instanceof Error ? last.message : inspect(last)}`, {
    cause: last,
  });
}
