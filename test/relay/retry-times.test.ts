// When the sweep tries overdue work again.
import { expect, it } from 'vitest';
import { RetryTimes } from '#relay/retry-times';

it('waits twice as long after each try, at most 5 min, and begins again when a try is forgotten', () => {
  let now = 0;
  const times = new RetryTimes(10_000, () => now);
  const dueAfter = (ms: number) => {
    now += ms;
    return times.isDue('one');
  };
  expect(times.isDue('one')).toBe(true);
  for (const [number, wait] of [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000].entries()) {
    expect(times.tried('one')).toBe(number + 1);
    // varied by 20 %
    expect(dueAfter(0.79 * wait)).toBe(false);
    expect(dueAfter(0.42 * wait)).toBe(true);
  }
  times.tried('one');
  expect(times.isDue('one')).toBe(false);
  expect(times.isDue('another')).toBe(true);
  times.forget('one');
  expect(times.isDue('one')).toBe(true);
  expect(times.tried('one')).toBe(1);
});
