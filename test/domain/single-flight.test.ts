// Concurrent loads of one key are one load, and nothing of it is kept.
import { expect, it } from 'vitest';
import { createSingleFlight } from '#domain/single-flight';

it('shares a load between concurrent calls with the same key, and begins another one afterwards', async () => {
  const flights = createSingleFlight<number>();
  let begun = 0;
  const load = async () => ++begun;
  const together = [flights.share('a', load), flights.share('a', load), flights.share('b', load)];
  expect([flights.isLoading('a'), flights.isLoading('c')]).toEqual([true, false]);
  expect(await Promise.all(together)).toEqual([1, 1, 2]);
  expect(flights.isLoading('a')).toBe(false);
  expect(await flights.share('a', load)).toBe(3);
});

it('fails for all that share a failed load, and the next call tries again', async () => {
  const flights = createSingleFlight<number>();
  const failing = () => Promise.reject(new Error('away'));
  const results = await Promise.allSettled([flights.share('a', failing), flights.share('a', async () => 1)]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await flights.share('a', async () => 2)).toBe(2);
});
