// Half a minute with nearly nothing: told soon where much is usual, and not where it happens by chance or by habit.
import { describe, expect, it } from 'vitest';
import { type Baseline, bandOf, isOutside, learn, rules } from '#domain/alerts/bands';
import { isRare, leastMean, lullOf, wasQuiet } from '#domain/alerts/lulls';
import { hasDropped } from '#domain/alerts/success-drops';
import { alertsOf, arrivals, dice, hour, scheduled, withPauses } from './traffic.ts';

const day = 24 * hour;
const usual = (mean: number, variance = mean): Baseline => ({ mean, variance, windows: 100 });

describe('a day without a stop has no alert:', () => {
  const cases: [string, (roll: () => number) => number[]][] = [
    ['independent events, as few as the rule looks at', (roll) => arrivals(day, () => 1.5, roll)],
    ['more of them', (roll) => arrivals(day, () => 10, roll)],
    ['batches of ten every second', (roll) => arrivals(day, () => 10, roll, 10)],
    ['batches of ten every other second', (roll) => arrivals(day, () => 5, roll, 10)],
    ['batches of a hundred', (roll) => arrivals(day, () => 20, roll, 100)],
    ['a job each minute', (roll) => scheduled(day, 60_000, 200, 0, roll)],
    ['a job each minute, up to 20 s late', (roll) => scheduled(day, 60_000, 200, 20_000, roll)],
    ['a job every 20 s', (roll) => scheduled(day, 20_000, 100, 5_000, roll)],
    ['a fifth at night of what comes at noon', (roll) => arrivals(day, (ms) => 6 + 4 * Math.sin((ms / day) * 2 * Math.PI), roll)],
    ['waves of an hour', (roll) => arrivals(day, (ms) => 6 + 2 * Math.sin((ms / hour) * 2 * Math.PI), roll)],
  ];
  it.each(cases)('%s', (_, make) => {
    for (const seed of [1, 2]) expect(alertsOf(make(dice(seed)), day)).toEqual([]);
  });

  it('and one with real pauses at random has two', () => {
    const pauses = [
      [600_000, 20_000],
      [1_800_000, 20_000],
      [300_000, 10_000],
    ] as const;
    for (const [on, off] of pauses) {
      const roll = dice(7);
      const alerts = alertsOf(
        withPauses(
          arrivals(day, () => 5, roll),
          on,
          off,
          roll,
        ),
        day,
      );
      expect(alerts.length).toBeGreaterThan(0);
      expect(alerts.length).toBeLessThanOrEqual(2);
    }
  });
});

describe('a stop is found within 40 s:', () => {
  const cases = [
    [1.5, 0],
    [5, 0],
    [5, 0.1],
    [20, 0.15],
  ] as const;
  it.each(cases)('of %d a second, of which the part %d is left', (rate, left) => {
    for (let seed = 1; seed <= 10; seed++) {
      const stopAt = 2 * hour + seed * 3_137;
      const times = arrivals(2.1 * hour, (ms) => (ms < stopAt ? rate : rate * left), dice(seed));
      const [opened = Number.POSITIVE_INFINITY, ...more] = alertsOf(times, 2.1 * hour, (seed * 1_777) % 10_000);
      expect(opened - stopAt).toBeGreaterThan(15_000);
      expect(opened - stopAt).toBeLessThanOrEqual(40_000);
      expect(more).toEqual([]);
    }
  });

  it('not of less than the docs say, nor of what varies by a quarter', () => {
    expect(leastMean).toBe(440);
    expect(lullOf(usual(leastMean - 1), rules.volume)).toBeNull();
    expect(lullOf(usual(leastMean), rules.volume)).toMatchObject({ most: 8, stays: 22 });
    expect(lullOf(usual(10_000, 2_600 ** 2), rules.volume)).toBeNull();
    expect(lullOf({ ...usual(10_000), windows: 17 }, rules.volume)).toBeNull();
  });

  it('needs the half hour before, without a gap', () => {
    const sums = { slots: 180, sum: 9_000, squares: 459_000, gaps: 0 };
    expect(isRare(0, { usual: 150 }, sums)).toBe(true);
    expect(isRare(0, { usual: 150 }, { ...sums, gaps: 1 })).toBe(false);
    expect(isRare(0, { usual: 150 }, { ...sums, squares: 4_500_000 })).toBe(false);
    expect(isRare(0, { usual: 150 }, { slots: 0, sum: 0, squares: 0, gaps: 0 })).toBe(false);
  });
});

it('an alert of silence lasts longer than an hour, and ends by itself within three', () => {
  let baseline = Array.from({ length: 100 }, () => 1_000).reduce<Baseline | null>((one, value) => learn(one, value, rules.volume), null);
  let windows = 0;
  for (; baseline && isOutside(0, bandOf(baseline, rules.volume)); windows++) baseline = learn(baseline, 0, rules.volume);
  expect(windows / 12).toBeGreaterThan(1);
  expect(windows / 12).toBeLessThan(3);
});

describe('another day', () => {
  const minutes = (of: (minute: number) => number) => new Map(Array.from({ length: 120 }, (_, index) => [index - 60, of(index - 60)]));
  it('was as quiet from this time on, or was not', () => {
    expect(
      wasQuiet(
        minutes((minute) => (minute < 3 ? 100 : 5)),
        500,
      ),
    ).toBe(true);
    expect(
      wasQuiet(
        minutes(() => 100),
        500,
      ),
    ).toBe(false);
    expect(
      wasQuiet(
        minutes((minute) => (minute < 30 ? 100 : 0)),
        500,
      ),
    ).toBe(false);
  });

  it('says nothing if there was nothing on it before, such as for a new endpoint', () => {
    expect(wasQuiet(new Map(), 500)).toBe(false);
    expect(
      wasQuiet(
        minutes((minute) => (minute < 20 ? 0 : 100)),
        500,
      ),
    ).toBe(false);
  });
});

describe('a success rate', () => {
  const rate = usual(99, 1);
  it('has dropped when far more is refused than by chance, in twenty attempts or more', () => {
    expect(hasDropped({ delivered: 10, attempts: 20 }, rate)).toBe(true);
    expect(hasDropped({ delivered: 75, attempts: 100 }, rate)).toBe(true);
    expect(hasDropped({ delivered: 82, attempts: 100 }, rate)).toBe(false);
    expect(hasDropped({ delivered: 15, attempts: 20 }, rate)).toBe(false);
    expect(hasDropped({ delivered: 0, attempts: 19 }, rate)).toBe(false);
    expect(hasDropped({ delivered: 60, attempts: 100 }, usual(80, 100))).toBe(false);
    expect(hasDropped({ delivered: 0, attempts: 100 }, { ...rate, windows: 17 })).toBe(false);
  });
});
