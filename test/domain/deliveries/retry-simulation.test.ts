// The simulation agrees with the waits that deliveries really get, whatever the dice say.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attemptsOf, nextWaitMs, type RetryPolicy, waitAfter } from '#domain/deliveries/retry-schedule';
import { type SimulatedOutage, simulateRetries } from '#domain/deliveries/retry-simulation';

const hour = 3_600_000;
const usual: RetryPolicy = { schedule: ['5s', '1m', '5m', '30m', '2h', '5h', '12h', '24h'] };
const waitsOf = (policy: RetryPolicy) => Array.from({ length: attemptsOf(policy) - 1 }, (_, index) => waitAfter(policy, index + 1) ?? 0);
const given = (more: Partial<SimulatedOutage>): SimulatedOutage => ({
  waitsMs: waitsOf(usual),
  timeoutMs: 0,
  downForMs: 0,
  acceptedAfterMs: 0,
  retryAfterMs: 0,
  ...more,
});

describe('a simulated outage', () => {
  it('of 7 hours: attempt 7 is before its end and attempt 8 after it, whatever the jitter', () => {
    const { outcome, earliest, latest } = simulateRetries(given({ downForMs: 7 * hour }));
    // 5 s + 1 min + 5 min + 30 min + 2 h + 5 h = 7 h 36 min 5 s, and 10 % less is 6 h 50 min
    expect({ outcome, earliest: earliest?.number, latest: latest?.number }).toEqual({ outcome: 'delivered', earliest: 7, latest: 8 });
    expect(earliest?.earliestMs).toBe(7 * hour);
    expect(latest?.latestMs).toBe(7 * hour + 13.2 * hour);
  });

  it('that is over before the event: the first attempt, at once', () => {
    const { outcome, earliest, latest } = simulateRetries(given({ downForMs: hour, acceptedAfterMs: 2 * hour }));
    expect({ outcome, earliest, latest }).toEqual({
      outcome: 'delivered',
      earliest: { number: 1, earliestMs: 0, latestMs: 0 },
      latest: { number: 1, earliestMs: 0, latestMs: 0 },
    });
  });

  it('longer than the schedule is a dead letter, and just about as long may be one', () => {
    expect(simulateRetries(given({ downForMs: 48 * hour })).outcome).toBe('dead_letter');
    expect(simulateRetries(given({ downForMs: 43 * hour })).outcome).toBe('perhaps');
    expect(simulateRetries(given({ downForMs: 30 * hour })).outcome).toBe('delivered');
  });

  it('lies within its bounds for any schedule, outage, Retry-After and dice', () => {
    const seconds = (max: number) => fc.integer({ min: 0, max }).map((value) => value * 1_000);
    const dice = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 12, maxLength: 12 });
    const took = fc.array(seconds(15), { minLength: 13, maxLength: 13 });
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 12 }),
        seconds(200_000),
        seconds(3_600),
        dice,
        took,
        (waits, downForMs, retryAfterMs, randoms, tookMs) => {
          const policy: RetryPolicy = { schedule: waits.map((wait) => `${wait}s`) };
          const result = simulateRetries(given({ waitsMs: waitsOf(policy), timeoutMs: 15_000, downForMs, retryAfterMs }));
          const real = deliveredBy(policy, { downForMs, retryAfterMs, randoms, tookMs });
          if (real === null) return result.outcome !== 'delivered';
          const { earliest, latest } = result;
          return (
            earliest !== null &&
            latest !== null &&
            real.attempt >= earliest.number &&
            real.attempt <= latest.number &&
            real.atMs >= earliest.earliestMs &&
            real.atMs <= latest.latestMs
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

interface Dice {
  downForMs: number;
  retryAfterMs: number;
  randoms: number[];
  /** How long each attempt takes to fail. */
  tookMs: number[];
}

/** Plays the retries of a delivery as the engine does. Null: a dead letter. */
function deliveredBy(policy: RetryPolicy, { downForMs, retryAfterMs, randoms, tookMs }: Dice): { attempt: number; atMs: number } | null {
  let atMs = 0;
  for (let attempt = 1; ; attempt++) {
    if (atMs >= downForMs) return { attempt, atMs };
    const waitMs = nextWaitMs({ policy, attempt, retryAfterMs, random: randoms[attempt - 1] ?? 0 });
    if (waitMs === null) return null;
    atMs += (tookMs[attempt - 1] ?? 0) + waitMs;
  }
}
