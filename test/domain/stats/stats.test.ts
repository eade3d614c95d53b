// From counted minutes to the statistics that the API shows.
import { describe, expect, it } from 'vitest';
import { type Counted, resolutionsOf, spanOf, statsView, toStats } from '#domain/stats/stats';

const now = Date.UTC(2026, 2, 2, 9, 41, 12);
const none = { events: 0, accepted: 0, delivered: 0, failed: 0, latency: {}, outcomes: {}, statusCodes: {} };
const counted = (at: number, more: Partial<Counted>): Counted => ({ ...none, at: new Date(at), ...more });
const nothingWaits = { held: 0, deadLettered: 0, oldestAt: null };

describe('a span', () => {
  it('covers the window, from a full step on, to the step in progress', () => {
    expect(spanOf('1h', '1m', now)).toEqual({ sinceMs: Date.UTC(2026, 2, 2, 8, 41), steps: 61, stepMs: 60_000 });
    expect(spanOf('30d', '1d', now)).toEqual({ sinceMs: Date.UTC(2026, 0, 31), steps: 31, stepMs: 86_400_000 });
    const most = Object.entries(resolutionsOf).flatMap(([window, steps]) => steps.map((step) => spanOf(window as '1h', step, now).steps));
    expect(Math.max(...most)).toBeLessThan(1_500);
  });
});

describe('statistics', () => {
  const span = spanOf('1h', '5m', now);

  it('sum what was counted, in all and by step', () => {
    const stats = toStats(
      [
        counted(now - 120_000, { events: 1, accepted: 2, delivered: 3, failed: 1, latency: { 17: 3, 200: 1 }, statusCodes: { 200: 3 } }),
        counted(now - 1_000, { accepted: 1, delivered: 1, latency: { 17: 1 }, outcomes: { accepted: 1 }, statusCodes: { 200: 1, 500: 1 } }),
        counted(span.sinceMs - 1, { accepted: 100 }),
      ],
      span,
      { held: 4, deadLettered: 2, oldestAt: new Date(now - 7_000) },
      now,
      [],
    );
    expect(statsView.parse(stats)).toEqual(stats);
    expect(stats.totals).toEqual({
      events: 1,
      accepted: 3,
      delivered: 4,
      failed: 1,
      successRate: 0.8,
      latencyMs: { p50: 1.09, p95: 3_136, p99: 3_136 },
      outcomes: { accepted: 1 },
      statusCodes: { 200: 4, 500: 1 },
      held: 4,
      deadLettered: 2,
      oldestWaitingMs: 7_000,
    });
    expect(stats.series).toHaveLength(13);
    expect(stats.series.at(-1)).toMatchObject({ at: '2026-03-02T09:40:00.000Z', accepted: 1, delivered: 1, failed: 0 });
    expect(stats.series.at(-2)).toMatchObject({ at: '2026-03-02T09:35:00.000Z', accepted: 2, delivered: 3, successRate: 0.75 });
  });

  it('of nothing have no rate and no latency', () => {
    const { totals, series } = toStats([], span, nothingWaits, now, null);
    expect(totals).toMatchObject({ accepted: 0, successRate: null, latencyMs: { p50: null, p95: null, p99: null }, oldestWaitingMs: null });
    expect(totals).not.toHaveProperty('events');
    expect(series).toHaveLength(13);
    expect(series[0]).not.toHaveProperty('held');
  });

  it('show the most that was held in each step, and what was held before it', () => {
    const minute = (n: number, held: number) => ({ at: new Date(span.sinceMs + n * 60_000), held });
    const heldOf = (...numbers: { at: Date; held: number }[]) =>
      toStats([], span, nothingWaits, now, numbers)
        .series.slice(0, 4)
        .map(({ held }) => held);
    expect(heldOf()).toEqual([0, 0, 0, 0]);
    expect(heldOf(minute(-9, 7))).toEqual([7, 7, 7, 7]);
    expect(heldOf(minute(-9, 7), minute(5, 3), minute(6, 4), minute(9, 0))).toEqual([7, 4, 0, 0]);
    expect(heldOf(minute(6, 4), minute(7, 2), minute(12, 3))).toEqual([0, 4, 3, 3]);
  });

  it('do not say what was held more than 8 days ago', () => {
    const month = spanOf('30d', '1d', now);
    const { series } = toStats([], month, nothingWaits, now, [{ at: new Date(month.sinceMs - 1), held: 5 }]);
    expect(series.map(({ held }) => held)).toEqual([...Array(22).fill(null), ...Array(9).fill(5)]);
  });
});
