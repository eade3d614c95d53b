// What the figures of the overview say: rates of the last full step, sums of the window.
import type { Stats, StatsStep, StatsWindow } from '@posthorn/client';

export const windows: Record<StatsWindow, { text: string; stepMinutes: number }> = {
  '1h': { text: '1 hour', stepMinutes: 1 },
  '24h': { text: '24 hours', stepMinutes: 15 },
  '7d': { text: '7 days', stepMinutes: 60 },
  '30d': { text: '30 days', stepMinutes: 1_440 },
};

export interface Rate {
  /** Per minute, in the last step that is over. */
  now: number;
  /** In the window. */
  total: number;
  /** Per minute, by step, without the step in progress. */
  line: number[];
}

export function rateOf(
  stats: Stats,
  window: StatsWindow,
  of: (step: Pick<StatsStep, 'events' | 'accepted' | 'delivered' | 'failed'>) => number,
): Rate {
  const { stepMinutes } = windows[window];
  const line = stats.series.slice(0, -1).map((step) => of(step) / stepMinutes);
  return { now: line.at(-1) ?? 0, total: of(stats.totals), line };
}

/** Held deliveries by step; gaps are steps of which nothing is known. */
export const heldLine = ({ series }: Stats): (number | null)[] => series.map(({ held }) => held ?? null);

export const rateLine = ({ series }: Stats): (number | null)[] => series.slice(0, -1).map(({ successRate }) => successRate);

export const p95Line = ({ series }: Stats): (number | null)[] => series.slice(0, -1).map(({ latencyMs }) => latencyMs.p95);

/** Few digits, so that figures can be compared at a glance. @example perMinute(0.0333, 'en') // "0.03" */
export function perMinute(rate: number, locale: string): string {
  const digits = rate === 0 || rate >= 10 ? 0 : rate >= 1 ? 1 : 2;
  return rate.toLocaleString(locale, { maximumFractionDigits: digits });
}
