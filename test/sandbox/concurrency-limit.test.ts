// Limits concurrent calls and the queue of waiting calls, so that one consumer cannot use up all
// slots.
import { expect, it } from 'vitest';
import { limitConcurrency } from '#sandbox/concurrency-limit';

it('runs calls up to the limit, queues more in order, and refuses the rest', async () => {
  const finish: (() => void)[] = [];
  let [running, peak] = [0, 0];
  const limited = limitConcurrency({ running: 2, waiting: 3 }, async (n: number) => {
    peak = Math.max(peak, ++running);
    await new Promise<void>((resolve) => finish.push(resolve));
    running--;
    if (n === 1) throw new Error('one fails');
    return n;
  });
  const calls = [0, 1, 2, 3, 4].map((n) => limited(n));
  await expect(limited(5)).rejects.toThrow('too many calls are waiting');
  const settled = Promise.allSettled(calls);
  for (let n = 0; n < 5; n++) {
    finish.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await settled).map((one) => (one.status === 'fulfilled' ? one.value : 'failed'))).toEqual([0, 'failed', 2, 3, 4]);
  expect(peak).toBe(2);
});
