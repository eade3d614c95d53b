// The throttle of a lane: rounds of acceptances double it; a refusal halves it, once for all
// requests in flight.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Allowance, afterAccepted, afterRefused, freshAllowance } from '#domain/lanes/allowance';

const most = 32;

function accepted(state: Allowance, times: number, limit = most): Allowance {
  let next = state;
  for (let n = 0; n < times; n++) next = afterAccepted(next, limit);
  return next;
}

describe('the throttle', () => {
  it.each([
    [0, 1],
    [1, 2],
    [2, 2],
    [3, 4],
    [6, 4],
    [7, 8],
    [15, 16],
    [30, 16],
    [31, 32],
    [1_000, 32],
  ])('after %i acceptances allows %i requests', (times, allowed) => {
    expect(accepted(freshAllowance(), times).allowed).toBe(allowed);
  });

  it.each([
    [1, 1],
    [3, 3],
    [20, 20],
    [0, 1],
  ])('never exceeds the limit %i', (limit, allowed) => {
    expect(accepted(freshAllowance(), 1_000, limit).allowed).toBe(allowed);
  });

  it('drops at once to a lowered limit, and grows again when the limit is raised', () => {
    const high = accepted(freshAllowance(), 1_000);
    const lowered = afterAccepted(high, 5);
    expect(lowered.allowed).toBe(5);
    expect([4, 5, 15].map((times) => accepted(lowered, times).allowed)).toEqual([5, 10, 20]);
  });
});

describe('a refusal', () => {
  it.each([
    [32, 16],
    [5, 2],
    [2, 1],
    [1, 1],
  ])('with %i allowed leaves %i', (allowed, left) => {
    expect(afterRefused({ allowed, accepted: 0, halvedAtMs: null }, 0, 10)).toEqual({ allowed: left, accepted: 0, halvedAtMs: 10 });
  });

  it('of a request that was in flight at the last halving changes nothing', () => {
    const halved = afterRefused({ allowed: 32, accepted: 7, halvedAtMs: null }, 0, 10);
    for (const startedMs of [0, 9, 10]) expect(afterRefused(halved, startedMs, 20)).toEqual(halved);
    expect(afterRefused(halved, 11, 20)).toEqual({ allowed: 8, accepted: 0, halvedAtMs: 20 });
  });

  it('restarts the count of acceptances', () => {
    const halved = afterRefused({ allowed: 8, accepted: 7, halvedAtMs: null }, 0, 10);
    expect([3, 4].map((times) => accepted(halved, times).allowed)).toEqual([4, 8]);
  });

  it('also halves when the clock was set back after the last halving', () => {
    expect(afterRefused({ allowed: 8, accepted: 0, halvedAtMs: 1_000 }, 400, 500)).toEqual({ allowed: 4, accepted: 0, halvedAtMs: 500 });
  });
});

interface Round {
  /** How many of the requests in flight are refused, and the position of the first refusal among the answers. */
  refused: number;
  from: number;
}

describe('rounds that use the whole throttle', () => {
  /** Each round sends as many requests as allowed, and answers them all. Returns what each round allowed. */
  function play(rounds: Round[], limit: number): { allowed: number; refused: number }[] {
    let state = freshAllowance();
    return rounds.map(({ refused, from }, n) => {
      const inFlight = state.allowed;
      const startedMs = n * 1_000;
      const first = Math.min(from, inFlight);
      const bad = Math.min(refused, inFlight - first);
      for (let i = 0; i < inFlight; i++) {
        const isRefused = i >= first && i < first + bad;
        state = isRefused ? afterRefused(state, startedMs, startedMs + 1 + i) : afterAccepted(state, limit);
        expect(JSON.parse(JSON.stringify(state))).toEqual(state);
      }
      return { allowed: inFlight, refused: bad };
    });
  }

  const rounds = fc.array(
    fc.record({
      refused: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { arbitrary: fc.nat({ max: 32 }), weight: 1 }),
      from: fc.nat({ max: 32 }),
    }),
    { maxLength: 40 },
  );

  it('double it when all are accepted, and halve it once when everything after the first refusal is refused', () => {
    fc.assert(
      fc.property(rounds, fc.integer({ min: 1, max: most }), (all, limit) => {
        const played = play(
          all.map(({ refused, from }) => (refused ? { refused: most, from } : { refused, from })),
          limit,
        );
        for (const [n, { allowed, refused }] of played.entries()) {
          expect(allowed).toBeGreaterThanOrEqual(1);
          expect(allowed).toBeLessThanOrEqual(limit);
          const next = played[n + 1]?.allowed;
          if (next === undefined) continue;
          expect(next).toBe(refused ? Math.max(1, Math.floor(allowed / 2)) : Math.min(limit, allowed * 2));
        }
      }),
    );
  });

  it('change it by at most one step, for any answers', () => {
    fc.assert(
      fc.property(rounds, fc.integer({ min: 1, max: most }), (all, limit) => {
        const played = play(all, limit);
        for (const [n, { allowed }] of played.entries()) {
          const next = played[n + 1]?.allowed ?? allowed;
          expect(next).toBeGreaterThanOrEqual(Math.max(1, Math.floor(allowed / 2)));
          expect(next).toBeLessThanOrEqual(Math.min(limit, allowed * 2));
        }
      }),
    );
  });
});
