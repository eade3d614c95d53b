// Token bucket: never more than burst + perSecond in any second, and the full rate for steady
// demand.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RateLimit } from '#domain/lanes/lane-settings';
import { type Bucket, bucketAfter, changed, defaultBurst, refilled, take, waitMs } from '#domain/lanes/token-bucket';

const start = 1_800_000_000_000;

const rates = fc.oneof(
  fc.constantFrom(0.1, 0.3, 1, 3, 9, 9.9, 10, 20, 333.3, 999.999, 1_000, 7_777, 10_000),
  fc.double({ min: 0.1, max: 20, noNaN: true }),
  fc.double({ min: 0.1, max: 10_000, noNaN: true }),
);
const bursts = fc.oneof(fc.constant(undefined), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 10_000 }));
const limits: fc.Arbitrary<RateLimit> = fc.record({ perSecond: rates, burst: bursts });
const idle = fc.oneof(fc.constant(0), fc.nat({ max: 100_000 }), fc.constant(Number.POSITIVE_INFINITY));
const burstOf = ({ perSecond, burst }: RateLimit) => burst ?? defaultBurst(perSecond);

/** Takes all tokens. */
function takeAll(bucket: Bucket, limit: RateLimit, nowMs: number): { bucket: Bucket; count: number } {
  let [next, count] = [bucket, 0];
  for (;;) {
    const { bucket: after, taken } = take(next, limit, nowMs);
    next = after;
    if (!taken) return { bucket: next, count };
    count++;
  }
}

interface Call {
  /** Milliseconds until this call. */
  gap: number;
  /** Milliseconds by which the clock is set back at this call. */
  back: number;
  most: number;
}

/** The real time of each call (independent of the clock) and the tokens it took. */
function play(calls: Call[], limit: RateLimit, idleMs: number): { at: number; count: number }[] {
  let bucket = bucketAfter(limit, idleMs, start);
  let [at, clock] = [0, start];
  return calls.map(({ gap, back, most }) => {
    at += gap;
    clock += gap - back;
    let count = 0;
    for (let taken = true; taken && count < most; ) {
      ({ bucket, taken } = take(bucket, limit, clock));
      if (taken) count++;
    }
    return { at, count };
  });
}

function mostInASecond(taken: { at: number; count: number }[]): number {
  let [most, sum, first] = [0, 0, 0];
  for (const { at, count } of taken) {
    sum += count;
    for (let oldest = taken[first]; oldest && oldest.at <= at - 1_000; oldest = taken[++first]) sum -= oldest.count;
    most = Math.max(most, sum);
  }
  return most;
}

describe('any second', () => {
  const gaps = fc.oneof(
    fc.constant(0),
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 0, max: 300 }),
    fc.integer({ min: 900, max: 1_100 }),
  );
  const jump = fc.oneof({ weight: 20, arbitrary: gaps }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 86_400_000 }) });
  const back = fc.oneof(
    { weight: 10, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 1_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 86_400_000 }) },
  );
  const most = fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 3 }));
  const calls = fc.array(fc.record({ gap: jump, back, most }), { maxLength: 100 });

  it('has at most burst + perSecond tokens, for calls at any time and any clock', () => {
    fc.assert(
      fc.property(limits, calls, idle, (limit, all, idleMs) => {
        expect(mostInASecond(play(all, limit, idleMs))).toBeLessThanOrEqual(burstOf(limit) + limit.perSecond);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each<[string, RateLimit]>([
    ['a rate below one', { perSecond: 0.1, burst: 1 }],
    ['a rate of nearly two', { perSecond: 1.999_999_9, burst: 1 }],
    ['a part of a millisecond', { perSecond: 10_000, burst: 1 }],
    ['an odd rate', { perSecond: 777.7, burst: 3 }],
  ])('has at most that with a call every millisecond: %s', (_name, limit) => {
    const taken = play(Array(3_000).fill({ gap: 1, back: 0, most: Number.POSITIVE_INFINITY }), limit, Number.POSITIVE_INFINITY);
    expect(mostInASecond(taken)).toBe(Math.floor(burstOf(limit) + limit.perSecond));
  });
});

describe('constant demand', () => {
  /** Calls again after `waitMs` plus a delay. Returns the tokens it got and the guaranteed minimum. */
  function run(limit: RateLimit, seconds: number, lateMs: () => number): number {
    let bucket = bucketAfter(limit, 0, start);
    let [at, total] = [start, 0];
    for (;;) {
      const got = takeAll(bucket, limit, at);
      bucket = got.bucket;
      total += got.count;
      at += waitMs(bucket, limit, at) + lateMs();
      if (at > start + seconds * 1_000) return total;
    }
  }
  const secondsFor = ({ perSecond }: RateLimit) => Math.max(5, Math.ceil(30 / perSecond));

  it('gets the exact rate if it calls again after waitMs', () => {
    fc.assert(
      fc.property(limits, (limit) => {
        const seconds = secondsFor(limit);
        expect(Math.abs(run(limit, seconds, () => 0) - limit.perSecond * seconds)).toBeLessThanOrEqual(1 + limit.perSecond / 1_000);
      }),
      { numRuns: 300 },
    );
  });

  it('loses nothing through delays that the burst covers', () => {
    fc.assert(
      fc.property(
        rates,
        fc.integer({ min: 2, max: 200 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (perSecond, burst, dice) => {
          const limit = { perSecond, burst };
          const mostLateMs = ((burst - 1) / perSecond) * 1_000;
          const seconds = secondsFor(limit);
          const got = run(limit, seconds, () => Math.floor((dice.next().value ?? 0) * mostLateMs));
          // a late last call leaves tokens that it would have taken
          expect(got).toBeGreaterThanOrEqual(perSecond * seconds - burst - 1 - perSecond / 1_000);
          expect(got).toBeLessThanOrEqual(perSecond * seconds + 1e-6);
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([1, 2, 3, 5, 7, 9, 10])('of %i per second with a burst of 1 loses nothing through timers up to 20 ms late', (perSecond) => {
    let n = 0;
    const got = run({ perSecond, burst: 1 }, 600, () => (n++ * 7) % 21);
    expect(Math.abs(got - perSecond * 600)).toBeLessThanOrEqual(1);
  });

  it('is paced evenly', () => {
    let bucket = bucketAfter({ perSecond: 5 }, 0, start);
    const times = [];
    for (let at = start; times.length < 5; at++) {
      const { bucket: after, taken } = take(bucket, { perSecond: 5 }, at);
      bucket = after;
      if (taken) times.push(at - start);
    }
    expect(times).toEqual([200, 400, 600, 800, 1_000]);
  });
});

describe('waitMs', () => {
  const buckets = fc.record({ limit: limits, idleMs: idle, backMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5_000 })) });

  it('is the exact time until the next token', () => {
    fc.assert(
      fc.property(buckets, ({ limit, idleMs, backMs }) => {
        const { bucket } = takeAll(bucketAfter(limit, idleMs, start), limit, start);
        const now = start - backMs;
        const wait = waitMs(bucket, limit, now);
        expect(wait).toBeGreaterThan(0);
        // like a caller that fails to take a token in between
        const asked = take(bucket, limit, now).bucket;
        expect(take(asked, limit, now + wait).taken).toBe(true);
        expect(take(asked, limit, now + wait - 1).taken).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is 0 while there is a token', () => {
    expect(waitMs(bucketAfter({ perSecond: 1 }, 1_000, start), { perSecond: 1 }, start)).toBe(0);
  });
});

describe('a bucket', () => {
  it.each<[RateLimit, number, number]>([
    [{ perSecond: 10, burst: 5 }, 0, 0],
    [{ perSecond: 10, burst: 5 }, -1_000, 0],
    [{ perSecond: 10, burst: 5 }, 150, 1.5],
    [{ perSecond: 10, burst: 5 }, 500, 5],
    [{ perSecond: 10, burst: 5 }, 86_400_000, 5],
    [{ perSecond: 10, burst: 5 }, Number.POSITIVE_INFINITY, 5],
    [{ perSecond: 200 }, Number.POSITIVE_INFINITY, 20],
    [{ perSecond: 0.1 }, 5_000, 0.5],
  ])('of %j after %d ms without requests holds %d tokens', (limit, idleMs, tokens) => {
    expect(bucketAfter(limit, idleMs, start)).toEqual({ tokens, atMs: start });
  });

  it.each([
    [0.1, 1],
    [10, 1],
    [10.1, 2],
    [20, 2],
    [25, 3],
    [10_000, 1_000],
  ])('of %d per second has a default burst of %i', (perSecond, burst) => {
    expect(defaultBurst(perSecond)).toBe(burst);
  });

  it.each<[string, number, Bucket]>([
    ['forward', 500, { tokens: 6, atMs: start + 500 }],
    ['not at all', 0, { tokens: 1, atMs: start }],
    ['a little back: it catches up', -1_000, { tokens: 1, atMs: start }],
    ['far back: it begins there', -1_001, { tokens: 1, atMs: start - 1_001 }],
  ])('when the clock moves %s', (_name, ms, expected) => {
    expect(refilled({ tokens: 1, atMs: start }, { perSecond: 10, burst: 20 }, start + ms)).toEqual(expected);
  });

  it('never holds a whole token above its burst, also after a change of the burst', () => {
    fc.assert(
      fc.property(limits, limits, idle, fc.nat({ max: 1_000_000 }), (before, after, idleMs, ms) => {
        const bucket = refilled(bucketAfter(before, idleMs, start), before, start + ms);
        expect(Math.floor(bucket.tokens - before.perSecond / 1_000)).toBeLessThanOrEqual(burstOf(before));
        expect(changed(bucket, after).tokens).toBe(Math.min(bucket.tokens, burstOf(after)));
        expect(JSON.parse(JSON.stringify(bucket))).toEqual(bucket);
      }),
    );
  });
});
