// Individual or batched: what the budget of workflows says, and what overrules it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createModeSwitch, type DispatchMode, type DispatchSetting, defaultBudget } from '#domain/dispatch-mode';
import { type Arrival, calmMs, play, someDeliveries, start } from './arrivals.ts';

const { perSecond, burst } = defaultBudget;

const cost = ({ deliveries }: Arrival) => 1 + deliveries;
const arrivals = fc.array(
  fc.record({ gap: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 3_000 })), deliveries: someDeliveries }),
  {
    maxLength: 60,
  },
);

/** True when some span of time that ends with this arrival took more than the burst and what the budget grants in it. */
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
    ['nobody wants it', [{ gap: 0, deliveries: 0 }], 'individual'],
    ['the burst, in one', [{ gap: 0, deliveries: 19 }], 'individual'],
    ['the burst, in many', Array(10).fill({ gap: 0, deliveries: 1 }), 'individual'],
    ['one more than the burst', Array(11).fill({ gap: 0, deliveries: 1 }), 'batched'],
    ['one event that exceeds it alone', [{ gap: 0, deliveries: 20 }], 'batched'],
    ['5 events a second with one delivery each', Array(1_000).fill({ gap: 200, deliveries: 1 }), 'individual'],
    ['one event a second for 9 endpoints', Array(1_000).fill({ gap: 1_000, deliveries: 9 }), 'individual'],
    ['a little above that rate, for long', Array(2_000).fill({ gap: 199, deliveries: 1 }), 'batched'],
  ])('%s', (_name, events, last) => {
    expect(play(createModeSwitch('adaptive'), events).chosen.at(-1)).toBe(last);
  });

  it('makes nothing batched as long as it is kept, and everything from the first event that exceeds it', () => {
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

  it('is another where another is set', () => {
    const modes = createModeSwitch('adaptive', { perSecond: 3, burst: 4 });
    const { chosen } = play(modes, [...Array(30).fill({ gap: 667, deliveries: 1 }), { gap: 0, deliveries: 1 }, { gap: 0, deliveries: 1 }]);
    expect(chosen.slice(0, 30).every((mode) => mode === 'individual')).toBe(true);
    expect(chosen.slice(30)).toEqual(['individual', 'batched']);
  });
});

describe('what else decides', () => {
  it.each<DispatchSetting & DispatchMode>(['individual', 'batched'])('%s as a setting pins it, whatever happens', (setting) => {
    fc.assert(
      fc.property(arrivals, fc.boolean(), (events, away) => {
        const modes = createModeSwitch(setting);
        modes.setTemporalAway(away);
        const { chosen, at } = play(modes, events);
        expect(new Set([...chosen, modes.mode(at), modes.mode(at + 86_400_000)])).toEqual(new Set([setting]));
      }),
    );
  });

  it('while Temporal is away all is batched at any rate, and what the rate says afterwards', () => {
    const modes = createModeSwitch('adaptive');
    modes.setTemporalAway(true);
    expect(modes.mode(start)).toBe('batched');
    expect(modes.choose(1, start)).toBe('batched');
    modes.setTemporalAway(false);
    expect(modes.choose(1, start + 1)).toBe('individual');
    modes.setTemporalAway(true);
    expect(modes.choose(100, start + 2)).toBe('batched');
    modes.setTemporalAway(false);
    expect(modes.mode(start + 3)).toBe('batched');
    expect(modes.mode(start + 2 + calmMs)).toBe('individual');
  });
});
