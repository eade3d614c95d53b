// The rate limiter: at most the quota, plus the calls that each process allows without a share.
// The counter is a function of the test.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateLimiter, type Verdict } from '#api/access/rate-limiter';
import { apiRate, quotaOf } from '#domain/access/api-rate';

/** One shared count, as PostgreSQL keeps it, and a clock that the test moves. */
function bench(processes: number, most?: number) {
  let now = 1_000_000;
  let draws = 0;
  const counts = new Map<string, { counted: number; endsAt: number }>();
  const counter = {
    async add(key: string, requests: number, windowSeconds: number) {
      draws++;
      let window = counts.get(key);
      if (!window || window.endsAt <= now) window = { counted: 0, endsAt: now + windowSeconds * 1_000 };
      window.counted += requests;
      counts.set(key, window);
      return { counted: window.counted, msLeft: window.endsAt - now };
    },
  };
  const limiters = Array.from(
    { length: processes },
    () => new RateLimiter({ counter, clock: () => now, ...(most !== undefined && { most }) }),
  );
  return {
    limiters,
    draws: () => draws,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

const allowed = (verdicts: Verdict[]) => verdicts.filter((verdict) => verdict.allowed).length;
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('quotaOf', () => {
  it('is the rate in windows of whole seconds', () => {
    expect(quotaOf({ perSecond: 50 })).toEqual({ requests: 50, windowSeconds: 1 });
    expect(quotaOf({ perSecond: 50, burst: 100 })).toEqual({ requests: 100, windowSeconds: 2 });
    expect(quotaOf({ perSecond: 50, burst: 120 })).toEqual({ requests: 150, windowSeconds: 3 });
    expect(apiRate.safeParse({ perSecond: 50, burst: 10 }).error?.issues).toMatchObject([{ path: ['burst'] }]);
    expect(apiRate.safeParse({ perSecond: 50, burst: 50 }).success).toBe(true);
  });
});

describe('RateLimiter', () => {
  it('in one process allows exactly the quota in a window, and tells when the next begins', async () => {
    const { limiters, pass } = bench(1);
    const quota = { requests: 200, windowSeconds: 2 };
    const verdicts = await Promise.all(Array.from({ length: 500 }, () => limiters[0]?.take('key', quota) as Verdict));
    expect(allowed(verdicts)).toBe(200);
    pass(500);
    expect(await limiters[0]?.take('key', quota)).toEqual({ allowed: false, remaining: 0, msLeft: 1_500 });
    pass(1_500);
    expect(await limiters[0]?.take('key', quota)).toMatchObject({ allowed: true, remaining: 199 });
  });

  it('keeps a limited number of keys, and evicts the least recently used', async () => {
    const { limiters } = bench(1, 2);
    const quota = { requests: 1, windowSeconds: 1 };
    const take = async (key: string) => (await limiters[0]?.take(key, quota))?.allowed;
    // each key has one call, which needs no share
    expect([await take('busy'), await take('other')]).toEqual([true, true]);
    expect(await take('busy')).toBe(false);
    // evicts `other`, which gets its call without a share once more
    expect(await take('new')).toBe(true);
    expect(await take('busy')).toBe(false);
    expect(await take('other')).toBe(true);
  });

  it('in several processes allows at most the quota plus 1 % for each', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 400 }),
        fc.array(fc.tuple(fc.nat({ max: 2 }), fc.integer({ min: 1, max: 150 }), fc.nat({ max: 120 })), { minLength: 1, maxLength: 40 }),
        async (requests, bursts) => {
          const { limiters, pass } = bench(3);
          const quota = { requests, windowSeconds: 10 };
          let through = 0;
          let spent = 0;
          for (const [process, calls, ms] of bursts) {
            // all within one window
            if (spent + ms >= 10_000) break;
            pass(ms);
            spent += ms;
            through += allowed(await Promise.all(Array.from({ length: calls }, () => limiters[process]?.take('key', quota) as Verdict)));
            await turn();
          }
          expect(through).toBeLessThanOrEqual(requests + 3 * Math.max(1, Math.floor(requests / 100)));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('allows almost the whole quota: little is lost in shares', async () => {
    const { limiters, pass } = bench(4);
    const quota = { requests: 1_000, windowSeconds: 1 };
    const through: number[] = [];
    for (let window = 0; window < 5; window++) {
      let count = 0;
      for (let tick = 0; tick < 10; tick++) {
        for (const [process, limiter] of limiters.entries()) {
          // one process gets nearly all calls
          const calls = process === 0 ? 200 : 3;
          count += allowed(await Promise.all(Array.from({ length: calls }, () => limiter.take('key', quota))));
        }
        await turn();
        pass(100);
      }
      through.push(count);
    }
    for (const count of through) expect([count > 950, count < 1_050, through]).toEqual([true, true, through]);
  });

  it('queries the counter for few of the calls of a busy key, and for none of a quiet one', async () => {
    const { limiters, draws, pass } = bench(1);
    const quota = { requests: 1_000, windowSeconds: 1 };
    for (let window = 0; window < 10; window++, pass(1_000)) for (let call = 0; call < 10; call++) await limiters[0]?.take('quiet', quota);
    expect(draws()).toBe(0);
    for (let window = 0; window < 10; window++, pass(1_000)) for (let call = 0; call < 900; call++) await limiters[0]?.take('busy', quota);
    expect(draws()).toBeLessThan(250);
  });

  it('keeps keys apart', async () => {
    const { limiters } = bench(1);
    const quota = { requests: 1, windowSeconds: 1 };
    expect((await limiters[0]?.take('one', quota))?.allowed).toBe(true);
    expect((await limiters[0]?.take('one', quota))?.allowed).toBe(false);
    expect((await limiters[0]?.take('other', quota))?.allowed).toBe(true);
  });
});
