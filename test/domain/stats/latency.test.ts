// Latency buckets: how far a percentile is from the exact one, and that sums of counts are counts of the whole.
import { describe, expect, it } from 'vitest';
import { addCounts, bucketOf, type Counts, middleOf, percentiles } from '#domain/stats/latency';

const shares = [0, 0.5, 0.95, 0.99, 1];

/** Durations from 0.01 ms to a minute, by a fixed sequence. */
const durations = Array.from({ length: 5_000 }, (_, n) => 10 ** (-2 + 6.8 * ((n * 0.618034) % 1)));

function counted(all: number[]): Counts {
  const counts: Counts = {};
  for (const ms of all) addCounts(counts, { [bucketOf(ms)]: 1 });
  return counts;
}

describe('a bucket', () => {
  it('has a middle that is at most 1/32 away from each of its durations', () => {
    for (const ms of [0, ...durations]) {
      expect(Math.abs(middleOf(bucketOf(ms)) - ms)).toBeLessThanOrEqual(Math.max(ms, 1) / 32);
    }
  });

  it('comes after the buckets of shorter durations', () => {
    const buckets = durations.toSorted((a, b) => a - b).map(bucketOf);
    expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
    expect(bucketOf(2 ** 15)).toBe(16 * 16);
  });
});

describe('percentiles', () => {
  it('are within the error of a bucket', () => {
    const sorted = durations.toSorted((a, b) => a - b);
    const found = percentiles(counted(durations), shares);
    for (const [index, share] of shares.entries()) {
      const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? Number.NaN;
      expect(Math.abs((found[index] ?? Number.NaN) - exact)).toBeLessThanOrEqual(Math.max(exact * 0.032, 0.04));
    }
  });

  it('of sums are those of the whole', () => {
    const sum = counted(durations.slice(0, 700));
    addCounts(sum, counted(durations.slice(700)));
    expect(sum).toEqual(counted(durations));
  });

  it('of nothing do not exist', () => {
    expect(percentiles({}, shares)).toEqual(shares.map(() => null));
  });
});
