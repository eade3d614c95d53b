// Polling with a deadline: the only way a test waits.
import { setTimeout as delay } from 'node:timers/promises';

/** The first value that is not null, undefined or false; throws after `withinMs`, naming what was waited for and the last value or error. */
export async function until<T>(what: string, ask: () => T | Promise<T>, withinMs = 20_000): Promise<Exclude<NonNullable<T>, false>> {
  const deadline = performance.now() + withinMs;
  let last: unknown;
  do {
    try {
      const value = await ask();
      if (value !== null && value !== undefined && value !== false) return value as Exclude<NonNullable<T>, false>;
      last = value;
    } catch (error) {
      last = error;
    }
    await delay(25);
  } while (performance.now() < deadline);
  throw new Error(`waited ${withinMs} ms in vain for ${what}; last: ${String(last)}`, { cause: last });
}
