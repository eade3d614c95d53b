// What anybody may ask is asked of PostgreSQL seldom: callers share statements and connections.
import { expect, it } from 'vitest';
import { seldom } from '#api/routes/health';

it('asks one question at a time, and none while the answer is young', async () => {
  let [now, asked] = [0, 0];
  let answer: (n: number) => void = () => undefined;
  const ask = seldom(
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
