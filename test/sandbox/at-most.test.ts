// So many requests under way at once, and so many that wait: a consumer cannot take all there is.
import { expect, it } from 'vitest';
import { limitConcurrency } from '#sandbox/concurrency-limit';

it('runs no more at once, lets more wait in turn, and refuses the rest', async () => {
  const running: (() => void)[] = [];
  let [under, most] = [0, 0];
  const limited = limitConcurrency({ running: 2, waiting: 3 }, async (n: number) => {
    most = Math.max(most, ++under);
    await new Promise<void>((resolve) => running.push(resolve));
    under--;
    if (n === 1) throw new Error('one fails');
    return n;
  });
  const calls = [0, 1, 2, 3, 4].map((n) => limited(n));
  await expect(limited(5)).rejects.toThrow('too many wait');
  const settled = Promise.allSettled(calls);
  for (let n = 0; n < 5; n++) {
    running.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await settled).map((one) => (one.status === 'fulfilled' ? one.value : 'failed'))).toEqual([0, 'failed', 2, 3, 4]);
  expect(most).toBe(2);
});
