// What is usual for an endpoint, and whether a window of five minutes is outside of it: an exponentially weighted mean and
// variance of each figure, with a band of four standard deviations. Pure; docs/alerts.md explains the method.

export interface Baseline {
  mean: number;
  variance: number;
  /** How many windows were learnt. */
  windows: number;
}

export interface BandRule {
  /** Values on the other side are never outside. */
  side: 'below' | 'above' | 'both';
  /** The band is at least so far from the mean, however steady the figure was. */
  leastDistance(mean: number): number;
}

/** The weight of a new window: after two hours of another level, that level is the usual one. */
const weight = 0.05;
/** An hour and a half is learnt before anything is judged. */
export const warmUpWindows = 18;
const deviations = 4;

export const windowMinutes = 5;
/** Fewer attempts say nothing about a success rate or a latency. */
export const leastAttempts = 20;

export const rules = {
  /** In percent. */
  success: { side: 'below', leastDistance: () => 10 },
  /** The mean in milliseconds. */
  latency: { side: 'above', leastDistance: (mean) => Math.max(200, mean) },
  /** Attempts in a window. Small numbers vary by chance, about by their square root. */
  volume: { side: 'both', leastDistance: (mean) => Math.max(40, 0.8 * mean, 5 * Math.sqrt(mean)) },
  /** Accepted events in a window. */
  ingest: { side: 'both', leastDistance: (mean) => Math.max(100, 0.8 * mean, 5 * Math.sqrt(mean)) },
} as const satisfies Record<string, BandRule>;
export type Figure = keyof typeof rules;

export interface Band {
  low: number;
  high: number;
}

/** Null: too little is learnt yet. */
export function bandOf({ mean, variance, windows }: Baseline, { side, leastDistance }: BandRule): Band | null {
  if (windows < warmUpWindows) return null;
  const distance = Math.max(deviations * Math.sqrt(variance), leastDistance(mean));
  return {
    low: side === 'above' ? Number.NEGATIVE_INFINITY : mean - distance,
    high: side === 'below' ? Number.POSITIVE_INFINITY : mean + distance,
  };
}

export function isOutside(value: number, band: Band | null): boolean {
  return band !== null && (value < band.low || value > band.high);
}

/**
 * The baseline with one more window. A value outside the band counts as its edge, and does not widen the band: else the alert
 * of an outage would close during the outage. A level that stays becomes the usual one, because the mean moves.
 */
export function learn(baseline: Baseline | null, value: number, rule: BandRule): Baseline {
  if (!baseline) return { mean: value, variance: 0, windows: 1 };
  const band = bandOf(baseline, rule);
  const counted = band ? Math.min(Math.max(value, band.low), band.high) : value;
  // the first windows weigh more, so that the first one alone does not decide
  const share = Math.max(weight, 1 / (baseline.windows + 1));
  const difference = counted - baseline.mean;
  const spread = counted === value ? difference : difference / deviations;
  return {
    mean: baseline.mean + share * difference,
    variance: (1 - share) * (baseline.variance + share * spread * spread),
    windows: baseline.windows + 1,
  };
}
