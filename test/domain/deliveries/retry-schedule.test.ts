import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attemptsOf, duration, durationMs, nextWaitMs, type RetryPolicy, retryPolicy, waitAfter } from '#domain/deliveries/retry-schedule';

const dayMs = 86_400_000;
const standard: RetryPolicy = { schedule: ['5s', '1m', '5m', '30m', '2h', '5h', '12h', '24h'] };

const seconds = (min: number, max: number) => fc.integer({ min, max }).map((count) => `${count}s`);
const explicit = fc.record({ schedule: fc.array(seconds(0, 6_000), { minLength: 1, maxLength: 50 }) });
const exponential = fc.record({
  initial: seconds(0, 600),
  factor: fc.double({ min: 1, max: 10, noNaN: true }),
  max: seconds(0, 6_000),
  attempts: fc.integer({ min: 1, max: 50 }),
});
const policies: fc.Arbitrary<RetryPolicy> = fc.oneof(explicit, exponential);
const dice = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const askedMs = fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 3 * dayMs }));

describe('duration', () => {
  it.each([
    ['250ms', 250],
    ['0s', 0],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', dayMs],
  ])('%s is %d milliseconds', (text, ms) => {
    expect(duration.parse(text)).toBe(text);
    expect(durationMs(text)).toBe(ms);
  });

  it.each(['', '5', 's', '-5s', '1.5h', '5 s', '5S', '5w', '5m ', '1h30m', '1234567890s', '5m\n'])('%j is not a duration', (text) => {
    expect(duration.safeParse(text).success).toBe(false);
  });
});

describe('retryPolicy', () => {
  it('accepts every policy within the limits', () => {
    fc.assert(fc.property(policies, (policy) => retryPolicy.safeParse(policy).success));
  });

  it.each<[string, unknown, boolean]>([
    ['the standard schedule', standard, true],
    ['one wait', { schedule: ['1m'] }, true],
    ['no wait', { schedule: [] }, false],
    ['50 waits', { schedule: Array(50).fill('1s') }, true],
    ['51 waits', { schedule: Array(51).fill('1s') }, false],
    ['exactly 4 days', { schedule: ['4d'] }, true],
    ['a millisecond above 4 days', { schedule: ['4d', '1ms'] }, false],
    ['a number instead of a text', { schedule: [60] }, false],
    ['one attempt', { initial: '1s', factor: 1, max: '1s', attempts: 1 }, true],
    ['no attempt', { initial: '1s', factor: 1, max: '1s', attempts: 0 }, false],
    ['51 attempts', { initial: '1s', factor: 1, max: '1s', attempts: 51 }, false],
    ['a fractional number of attempts', { initial: '1s', factor: 1, max: '1s', attempts: 1.5 }, false],
    ['a shrinking factor', { initial: '1s', factor: 0.9, max: '1m', attempts: 5 }, false],
    ['a factor above 10', { initial: '1s', factor: 10.1, max: '1m', attempts: 5 }, false],
    ['an infinite factor', { initial: '1s', factor: Number.POSITIVE_INFINITY, max: '1m', attempts: 5 }, false],
    ['4 days in equal steps', { initial: '1d', factor: 1, max: '1d', attempts: 5 }, true],
    ['5 days in equal steps', { initial: '1d', factor: 1, max: '1d', attempts: 6 }, false],
    ['growing beyond 4 days', { initial: '1s', factor: 10, max: '9d', attempts: 10 }, false],
    ['the same, limited by max', { initial: '1s', factor: 10, max: '1h', attempts: 10 }, true],
    ['a missing field', { initial: '1s', factor: 2, attempts: 5 }, false],
    ['both forms at once', { ...standard, initial: '1s', factor: 2, max: '1h', attempts: 5 }, false],
    ['an unknown field', { schedule: ['1m'], jitter: 0.5 }, false],
    ['null', null, false],
  ])('checks %s', (_name, policy, good) => {
    expect(retryPolicy.safeParse(policy).success).toBe(good);
  });
});

describe('waitAfter', () => {
  it.each<[string, RetryPolicy, (number | null)[]]>([
    ['the waits as declared', { schedule: ['5s', '1m', '1h'] }, [5_000, 60_000, 3_600_000, null, null]],
    ['growing waits up to max', { initial: '1s', factor: 2, max: '5s', attempts: 6 }, [1_000, 2_000, 4_000, 5_000, 5_000, null]],
    ['a max below the first wait', { initial: '10s', factor: 2, max: '5s', attempts: 3 }, [5_000, 5_000, null]],
    ['a single attempt', { initial: '1s', factor: 2, max: '5s', attempts: 1 }, [null]],
  ])('returns %s', (_name, policy, waits) => {
    expect(waits.map((_wait, index) => waitAfter(policy, index + 1))).toEqual(waits);
  });
});

describe('nextWaitMs', () => {
  const next = (policy: RetryPolicy, attempt: number, random: number, retryAfterMs: number | null = null) =>
    nextWaitMs({ policy, attempt, retryAfterMs, random });

  it('is within 10 % of the scheduled wait, and reaches both ends', () => {
    expect([0, 0.5, 0.999_999_999].map((random) => next({ schedule: ['100s'] }, 1, random))).toEqual([90_000, 100_000, 110_000]);
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 51 }), dice, (policy, attempt, random) => {
        const declared = waitAfter(policy, attempt);
        fc.pre(declared !== null);
        const wait = next(policy, attempt, random);
        expect(wait).toBeGreaterThanOrEqual(Math.floor((declared ?? 0) * 0.9));
        expect(wait).toBeLessThanOrEqual(Math.ceil((declared ?? 0) * 1.1));
        expect(Number.isInteger(wait)).toBe(true);
      }),
    );
  });

  it('is at least Retry-After, up to 24 hours, and not longer than needed', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 51 }), dice, askedMs, (policy, attempt, random, asked) => {
        const without = next(policy, attempt, random);
        const wait = next(policy, attempt, random, asked);
        if (without === null) expect(wait).toBeNull();
        else expect(wait).toBe(Math.max(without, Math.min(asked ?? 0, dayMs)));
      }),
    );
  });

  it('limits Retry-After to 24 hours', () => {
    expect(next({ schedule: ['1s'] }, 1, 0.5, dayMs)).toBe(dayMs);
    expect(next({ schedule: ['1s'] }, 1, 0.5, dayMs + 1)).toBe(dayMs);
    expect(next({ schedule: ['2d'] }, 1, 0.5, 3 * dayMs)).toBe(2 * dayMs);
  });

  it('adds no attempt beyond the schedule because of Retry-After', () => {
    expect(next({ schedule: ['1s'] }, 2, 0.5, 1_000)).toBeNull();
  });

  it('uses up the schedule exactly once: n waits mean n + 1 attempts, attempts: n means n', () => {
    fc.assert(
      fc.property(policies, fc.infiniteStream(dice), fc.infiniteStream(askedMs), (policy, random, asked) => {
        let attempts = 1;
        while (attempts < 1_000) {
          const wait = nextWaitMs({
            policy,
            attempt: attempts,
            random: random.next().value ?? 0,
            retryAfterMs: asked.next().value ?? null,
          });
          if (wait === null) break;
          attempts++;
        }
        expect(attempts).toBe('schedule' in policy ? policy.schedule.length + 1 : policy.attempts);
        expect(attempts).toBe(attemptsOf(policy));
      }),
    );
  });
});
