// Batched mode lasts until the load has been below half of the budget for 2 s, with any clock.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createModeSwitch, defaultBudget } from '#domain/events/dispatch-mode';
import { type Arrival, calmMs, play, someDeliveries, start } from './arrivals.ts';

const { perSecond, burst } = defaultBudget;
/** Milliseconds per workflow at half of the budget. */
const msAtHalf = 2_000 / perSecond;

/** A mode switch right after its budget was exceeded. */
function exceeded(at = start) {
  const modes = createModeSwitch('adaptive');
  expect(modes.choose(1 + burst, at)).toBe('batched');
  return modes;
}

describe('calm', () => {
  const above = fc.array(fc.record({ deliveries: fc.integer({ min: 0, max: 40 }), slack: fc.double({ min: 0, max: 1, noNaN: true }) }), {
    maxLength: 60,
  });
  const below = fc.array(fc.record({ deliveries: fc.integer({ min: 0, max: 18 }), more: fc.integer({ min: 1, max: 4_000 }) }), {
    maxLength: 60,
  });
  /** Intervals at half of the budget or shorter. */
  const busy = above.map((events): Arrival[] =>
    events.map(({ deliveries, slack }) => ({ deliveries, gap: Math.min(calmMs - 1, Math.floor((1 + deliveries) * msAtHalf * slack)) })),
  );
  /** Intervals longer than at half of the budget. */
  const quiet = below.map((events): Arrival[] =>
    events.map(({ deliveries, more }) => ({ deliveries, gap: (1 + deliveries) * msAtHalf + more })),
  );

  it.each([
    ['at once after', 1, 'batched'],
    ['1.999 s after', calmMs - 1, 'batched'],
    ['2 s after', calmMs, 'individual'],
    ['a day after', 86_400_000, 'individual'],
  ])('%s a burst without further events', (_name, ms, mode) => {
    expect(exceeded().mode(start + ms)).toBe(mode);
  });

  it('is not reached while the load is at or above half of the budget', () => {
    fc.assert(
      fc.property(busy, (events) => {
        const modes = exceeded();
        const { chosen, at } = play(modes, events);
        expect(chosen.filter((mode) => mode !== 'batched')).toEqual([]);
        expect(modes.mode(at + calmMs - 1)).toBe('batched');
      }),
    );
  });

  it('is reached exactly 2 s after the load fell below half, whatever came before', () => {
    fc.assert(
      fc.property(busy, quiet, fc.integer({ min: 1, max: calmMs }), (before, after, early) => {
        const modes = exceeded();
        const fell = play(modes, before).at;
        let at = fell;
        for (const event of after) {
          at += event.gap;
          expect(modes.choose(1 + event.deliveries, at)).toBe(at - fell < calmMs ? 'batched' : 'individual');
        }
        if (fell + calmMs - early >= at) expect(modes.mode(fell + calmMs - early)).toBe('batched');
        expect(modes.mode(Math.max(at, fell + calmMs))).toBe('individual');
      }),
      { numRuns: 500 },
    );
  });

  it('starts again each time the load is at half of the budget', () => {
    const modes = exceeded();
    const at = start + calmMs - 200;
    expect(modes.mode(at)).toBe('batched');
    expect(modes.choose(20, at)).toBe('batched');
    expect(modes.mode(at + calmMs - 1)).toBe('batched');
    expect(modes.mode(at + calmMs)).toBe('individual');
  });

  it('makes the whole burst available again', () => {
    const modes = exceeded();
    expect(modes.choose(20, start + calmMs)).toBe('individual');
    expect(modes.choose(1, start + calmMs)).toBe('batched');
  });

  it('is reached 2 s after a very large event, as after any other', () => {
    const modes = createModeSwitch('adaptive');
    expect(modes.choose(5_001, start)).toBe('batched');
    expect(modes.choose(2, start + calmMs - 1)).toBe('batched');
    expect(modes.choose(2, start + calmMs)).toBe('individual');
  });
});

describe('a clock', () => {
  it('that is set back adds no time, and continues from there', () => {
    const modes = exceeded();
    expect(modes.mode(start + 1_200)).toBe('batched');
    const back = start - 3_600_000;
    expect(modes.mode(back)).toBe('batched');
    expect(modes.mode(back + 799)).toBe('batched');
    expect(modes.mode(back + 800)).toBe('individual');
  });

  it('that is set far forward counts as calm', () => {
    const modes = exceeded();
    expect(modes.choose(20, start + 1e12)).toBe('individual');
    expect(modes.choose(21, start + 1e12)).toBe('batched');
  });

  it('that jumps never increases the budget, and 2 s of calm always end batched mode', () => {
    const jumping = fc.array(fc.record({ jump: fc.integer({ min: -1e10, max: 1e10 }), deliveries: someDeliveries }), { maxLength: 40 });
    fc.assert(
      fc.property(jumping, (events) => {
        const modes = createModeSwitch('adaptive');
        let at = start;
        for (const { jump, deliveries } of events) {
          at += jump;
          const mode = modes.choose(1 + deliveries, at);
          if (deliveries >= burst) expect(mode).toBe('batched');
        }
        expect(modes.mode(at + calmMs)).toBe('individual');
        expect(modes.choose(burst, at + calmMs)).toBe('individual');
      }),
    );
  });
});
