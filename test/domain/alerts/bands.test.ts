// What is usual: learnt slowly, judged only when enough is learnt, and no false alarm for ordinary noise.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Baseline, bandOf, type Figure, isOutside, learn, rules, warmUpWindows } from '#domain/alerts/bands';

const learnAll = (figure: Figure, values: number[]) =>
  values.reduce<Baseline | null>((baseline, value) => learn(baseline, value, rules[figure]), null) as Baseline;
const steady = (value: number, windows = 40) => Array.from({ length: windows }, () => value);
const outside = (figure: Figure, baseline: Baseline, value: number) => isOutside(value, bandOf(baseline, rules[figure]));

describe('a baseline', () => {
  it('judges nothing before its warm-up', () => {
    const young = learnAll('success', steady(100, warmUpWindows - 1));
    expect(outside('success', young, 0)).toBe(false);
    expect(outside('success', learn(young, 100, rules.success), 0)).toBe(true);
  });

  it('has a band of at least the usual noise', () => {
    expect([91, 89, 0, 110].map((value) => outside('success', learnAll('success', steady(100)), value))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect([10, 240, 260].map((value) => outside('latency', learnAll('latency', steady(50)), value))).toEqual([false, false, true]);
    expect([0, 41, 100].map((value) => outside('volume', learnAll('volume', steady(5)), value))).toEqual([false, false, true]);
    expect([0, 150, 1_000, 1_700, 1_900].map((value) => outside('volume', learnAll('volume', steady(1_000)), value))).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
    expect([0, 5_000, 20_000].map((value) => outside('ingest', learnAll('ingest', steady(5_000)), value))).toEqual([true, false, true]);
  });

  it('learns a new level within some hours, and is not widened by one outage', () => {
    const baseline = learnAll('success', steady(99, 200));
    const afterOutage = learn(baseline, 0, rules.success);
    expect(outside('success', afterOutage, 80)).toBe(true);
    const moved = steady(60, 120).reduce((one, value) => learn(one, value, rules.success), baseline);
    expect(outside('success', moved, 60)).toBe(false);
  });

  it('raises no alarm for values that vary around a mean', () => {
    const noise = fc.array(fc.integer({ min: 80, max: 120 }), { minLength: 60, maxLength: 200 });
    fc.assert(
      fc.property(noise, (values) => {
        const baseline = learnAll('volume', values);
        return [80, 100, 120].every((value) => !outside('volume', baseline, value));
      }),
    );
  });

  it('stays finite and never has a negative variance', () => {
    const figures = fc.constantFrom<Figure>('success', 'latency', 'volume', 'ingest');
    fc.assert(
      fc.property(figures, fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 100 }), (figure, values) => {
        const { mean, variance, windows } = learnAll(figure, values);
        return Number.isFinite(mean) && variance >= 0 && windows === values.length;
      }),
    );
  });
});
