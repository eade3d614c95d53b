// Dispatch mode, individual or batched: what the budget of workflows decides, and what overrides
// it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createModeSwitch, type DispatchMode, type DispatchSetting, defaultBudget } from '#domain/events/dispatch-mode';
import { type Arrival, calmMs, play, someDeliveries, start } from './arrivals.ts';

const { perSecond, burst } = defaultBudget;

const cost = ({ deliveries }: Arrival) => 1 + deliveries;
const arrivals = fc.array(
  fc.record({ gap: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 3_000 })), deliveries: someDeliveries }),
  {
    maxLength: 60,
  },
);

/** True if in some time span up to this arrival the events cost more than the burst plus the budget of that span. */
function exceeds(events: Arrival[], index: number): boolean {
  let spent = 0;
  let ms = 0;
  for (let from = index; from >= 0; from--) {
    const event = events[from];
    if (!event) break;
    spent += cost(event);
    if (spent * 1_000 > burst * 1_000 + ms * perSecond) return true;
    ms += event.gap;
  }
  return false;
}

describe('the budget', () => {
  it.each<[string, Arrival[], DispatchMode]>([
    ['a single event', [{ gap: 0, deliveries: 1 }], 'individual'],
    ['an event without deliveries', [{ gap: 0, deliveries: 0 }], 'individual'],
    ['the burst in one event', [{ gap: 0, deliveries: 19 }], 'individual'],
    ['the burst in several events', Array(10).fill({ gap: 0, deliveries: 1 }), 'individual'],
    ['one more than the burst', Array(11).fill({ gap: 0, deliveries: 1 }), 'batched'],
    ['one event larger than the burst', [{ gap: 0, deliveries: 20 }], 'batched'],
    ['5 events a second with one delivery each', Array(1_000).fill({ gap: 200, deliveries: 1 }), 'individual'],
    ['one event a second for 9 endpoints', Array(1_000).fill({ gap: 1_000, deliveries: 9 }), 'individual'],
    ['slightly above that rate for a long time', Array(2_000).fill({ gap: 199, deliveries: 1 }), 'batched'],
  ])('%s', (_name, events, last) => {
    expect(play(createModeSwitch('adaptive'), events).chosen.at(-1)).toBe(last);
  });

  it('keeps individual mode until the first event that exceeds it, and batches everything from then on', () => {
    fc.assert(
      fc.property(arrivals, (events) => {
        const { chosen } = play(createModeSwitch('adaptive'), events);
        const first = events.findIndex((_event, index) => exceeds(events, index));
        const kept = first < 0 ? chosen : chosen.slice(0, first);
        expect(kept.filter((mode) => mode !== 'individual')).toEqual([]);
        if (first >= 0) expect(chosen[first]).toBe('batched');
      }),
      { numRuns: 1_000 },
    );
  });

  it('lets one event exceed a small burst in a quiet moment', () => {
    const modes = createModeSwitch('adaptive', { perSecond: 24, burst: 12 });
    expect(modes.choose(20, start)).toBe('individual');
    expect(modes.choose(1, start)).toBe('batched');
    const others = createModeSwitch('adaptive', { perSecond: 24, burst: 12 });
    expect(others.choose(21, start)).toBe('batched');
  });

  it('keeps 10 events a second individual on two cores, also after a burst', () => {
    const modes = createModeSwitch('adaptive', { perSecond: 24, burst: 12 });
    for (let n = 0; n < 40; n++) modes.choose(1, start);
    expect(modes.mode(start)).toBe('batched');
    const after = play(modes, Array(600).fill({ gap: 100, deliveries: 0 }), start).chosen;
    expect(after.indexOf('individual')).toBeLessThanOrEqual(21);
    expect(after.slice(21)).toEqual(Array(600 - 21).fill('individual'));
  });

  it('can be configured', () => {
    const modes = createModeSwitch('adaptive', { perSecond: 3, burst: 4 });
    const { chosen } = play(modes, [...Array(30).fill({ gap: 667, deliveries: 1 }), { gap: 0, deliveries: 1 }, { gap: 0, deliveries: 1 }]);
    expect(chosen.slice(0, 30).every((mode) => mode === 'individual')).toBe(true);
    expect(chosen.slice(30)).toEqual(['individual', 'batched']);
  });
});

describe('other rules', () => {
  it.each<DispatchSetting & DispatchMode>(['individual', 'batched'])('the setting %s fixes the mode', (setting) => {
    fc.assert(
      fc.property(arrivals, fc.boolean(), (events, away) => {
        const modes = createModeSwitch(setting);
        modes.setTemporalAway(away);
        const { chosen, at } = play(modes, events);
        expect(new Set([...chosen, modes.mode(at), modes.mode(at + 86_400_000)])).toEqual(new Set([setting]));
      }),
    );
  });

  it('while Temporal is unavailable the mode is batched at any load, and afterwards the load decides again', () => {
    const modes = createModeSwitch('adaptive');
    modes.setTemporalAway(true);
    expect(modes.mode(start)).toBe('batched');
    expect(modes.choose(2, start)).toBe('batched');
    modes.setTemporalAway(false);
    expect(modes.choose(2, start + 1)).toBe('individual');
    modes.setTemporalAway(true);
    expect(modes.choose(101, start + 2)).toBe('batched');
    modes.setTemporalAway(false);
    expect(modes.mode(start + 3)).toBe('batched');
    expect(modes.mode(start + 2 + calmMs)).toBe('individual');
  });
});
