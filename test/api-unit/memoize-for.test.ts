// The cache of the health probes: anybody can call them, so callers share a query.
import { expect, it } from 'vitest';
import { memoizeFor } from '#api/routes/health';

it('runs one query at a time, and none while the result is less than a second old', async () => {
  let [now, asked] = [0, 0];
  let answer: (n: number) => void = () => undefined;
  const ask = memoizeFor(
    1_000,
    () => {
      asked++;
      return new Promise<number>((resolve) => {
        answer = resolve;
      });
    },
    () => now,
  );
  const waiting = Array.from({ length: 100 }, () => ask());
  now = 60_000;
  waiting.push(ask());
  expect(asked).toBe(1);
  answer(7);
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([7]));
  now = 60_999;
  expect([await ask(), asked]).toEqual([7, 1]);
  now = 61_000;
  void ask();
  expect(asked).toBe(2);
});
