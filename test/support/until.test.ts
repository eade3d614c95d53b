// What a poll must not take for an answer.
import { expect, it } from 'vitest';
import { until } from './until.ts';

it('refuses a number, by its type and when it runs', async () => {
  // @ts-expect-error: a number
  await expect(until('a count', async () => 0)).rejects.toThrow('until takes no number');
  // biome-ignore lint/suspicious/noExplicitAny: as in the rows of `pg`
  await expect(until('a count', () => 0 as any)).rejects.toThrow('until takes no number');
});
