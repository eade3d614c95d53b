// Polls with a deadline. This is the only way in which a test waits. A slow check is repeated less
// often, so that polling does not slow it down further.
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';

const minPauseMs = 10;
const defaultMaxPauseMs = 250;
/** Only a failing test waits this long. The machine may be many times slower than usual. */
const defaultTimeoutMs = 180_000;

/** A number is refused: 0 would end the wait. What is `any` is refused when it is a number. */
type NotNumber<T> = 0 extends 1 & T ? unknown : [Extract<T, number>] extends [never] ? unknown : 'compare the number';

/**
 * Resolves to the first value that is not null, undefined or false. Throws after `withinMs`, naming `what` and the last
 * value or error.
 * @example await until('the delivery', async () => (await row()).status === 'succeeded');
 */
export async function until<T>(
  what: string,
  ask: (() => T | Promise<T>) & NotNumber<T>,
  withinMs = defaultTimeoutMs,
  longestMs = defaultMaxPauseMs,
): Promise<Exclude<NonNullable<T>, false>> {
  const began = performance.now();
  const deadline = began + withinMs;
  let last: unknown;
  do {
    try {
      const value = await ask();
      if (typeof value === 'number') return Promise.reject(new TypeError(`${what}: until takes no number; compare it`));
      if (value !== null && value !== undefined && value !== false) return value as Exclude<NonNullable<T>, false>;
      last = value;
    } catch (error) {
      last = error;
    }
    await delay(Math.min(Math.max((performance.now() - began) / 10, minPauseMs), longestMs));
  } while (performance.now() < deadline);
  throw new Error(`${what} did not happen within ${withinMs} ms; last: ${last instanceof Error ? last.message : inspect(last)}`, {
    cause: last,
  });
}
