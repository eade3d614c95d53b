// The statistics that the API shows: which spans and steps can be asked for, and how counted minutes or hours become them.
import { z } from 'zod';
import { addCounts, type Counts, percentiles } from './latency.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;

const windowMs = { '1h': hourMs, '24h': 24 * hourMs, '7d': 7 * 24 * hourMs, '30d': 30 * 24 * hourMs };
const stepMs = { '1m': minuteMs, '5m': 5 * minuteMs, '15m': 15 * minuteMs, '1h': hourMs, '6h': 6 * hourMs, '1d': 24 * hourMs };
export const statsWindow = z.enum(Object.keys(windowMs) as (keyof typeof windowMs)[]);
export const resolution = z.enum(Object.keys(stepMs) as (keyof typeof stepMs)[]);
type Window = z.infer<typeof statsWindow>;
type Resolution = z.infer<typeof resolution>;

/** The first is the default. */
export const resolutionsOf: Record<Window, readonly Resolution[]> = {
  '1h': ['1m', '5m', '15m'],
  '24h': ['15m', '1m', '5m', '1h'],
  '7d': ['1h', '6h', '1d'],
  '30d': ['1d', '1h', '6h'],
};

export interface Span {
  /** The start of the first step, in Unix milliseconds. */
  sinceMs: number;
  /** The step in progress is the last. */
  steps: number;
  stepMs: number;
}

/** The steps that cover the window before `nowMs`. They begin at full steps in UTC, so the first begins up to a step earlier. */
export function spanOf(window: Window, wanted: Resolution, nowMs: number): Span {
  const step = stepMs[wanted];
  const sinceMs = Math.floor((nowMs - windowMs[window]) / step) * step;
  return { sinceMs, steps: Math.floor((nowMs - sinceMs) / step) + 1, stepMs: step };
}

/** What was counted in a minute or an hour. */
export interface Counted {
  at: Date;
  events: number;
  accepted: number;
  delivered: number;
  failed: number;
  latency: Counts;
  outcomes: Counts;
  statusCodes: Counts;
}

const share = z.number().min(0).max(1);
const duration = z.number().nullable();
const figures = z.object({
  events: z.int().optional().describe('events that the API accepted; not for an endpoint'),
  accepted: z.int().describe('deliveries that were created: one for each endpoint of an event'),
  delivered: z.int().describe('attempts that the endpoint accepted'),
  failed: z.int().describe('all other attempts; a delivery that is retried may count several times'),
  successRate: share.nullable().describe('delivered / (delivered + failed); null: there were no attempts'),
  latencyMs: z
    .object({ p50: duration, p95: duration, p99: duration })
    .describe('duration of all attempts in milliseconds, within 3.2 %; null: there were no attempts'),
  outcomes: z.record(z.string(), z.int()).describe('attempts by outcome'),
  statusCodes: z.record(z.string(), z.int()).describe('attempts by HTTP status code, those that got an answer'),
});

export const statsView = z.object({
  totals: figures.extend({
    held: z.int().describe('deliveries in lanes now'),
    deadLettered: z.int().describe('dead letters now'),
    oldestWaitingMs: z.int().nullable().describe('age of the oldest event that is not delivered yet; null: none waits'),
  }),
  series: z
    .array(
      figures.extend({
        at: z.iso.datetime().describe('start of the step'),
        held: z
          .int()
          .nullable()
          .optional()
          .describe(
            'the most deliveries that were in lanes at once in the step; not for an endpoint; null: unknown, as before the last 8 days',
          ),
      }),
    )
    .describe('all steps, oldest first'),
});
export type StatsView = z.infer<typeof statsView>;
export type Figures = z.infer<typeof figures>;

/** What waits now. `oldestAt` null: nothing does. */
export interface Backlog {
  held: number;
  deadLettered: number;
  oldestAt: Date | null;
}

/** From this minute on, so many deliveries were held. */
export interface HeldFrom {
  at: Date;
  held: number;
}

/**
 * `counted` in any order, and no longer used by the caller; what is outside of the span is left out. `heldFrom`: oldest first;
 * null: the figures are of one endpoint.
 */
export function toStats(counted: Counted[], span: Span, backlog: Backlog, nowMs: number, heldFrom: HeldFrom[] | null): StatsView {
  const steps = Array.from({ length: span.steps }, nothing);
  const begun = new Set<number>();
  for (const { at, ...one } of counted) {
    const n = Math.floor((at.getTime() - span.sinceMs) / span.stepMs);
    if (n < 0 || n >= span.steps) continue;
    // mostly there is one for each step, which then needs no copy
    if (begun.has(n)) add(steps[n] ?? nothing(), one);
    else steps[n] = one;
    begun.add(n);
  }
  const total = nothing();
  for (const step of steps) add(total, step);
  const show = (sum: Sum) => figuresOf(sum, heldFrom !== null);
  const heldOf = heldFrom && mostHeld(heldFrom, span, nowMs - keptHeldMs);
  const { held, deadLettered, oldestAt } = backlog;
  return {
    totals: { ...show(total), held, deadLettered, oldestWaitingMs: oldestAt && Math.max(0, nowMs - oldestAt.getTime()) },
    series: steps.map((step, n) => ({
      at: new Date(span.sinceMs + n * span.stepMs).toISOString(),
      ...show(step),
      ...(heldOf && { held: heldOf[n] ?? null }),
    })),
  };
}

/** Numbers of held deliveries are kept for so long. */
const keptHeldMs = 8 * 24 * hourMs;

/** The highest number of each step; null: of a step that ended before `knownFromMs`. */
function mostHeld(heldFrom: HeldFrom[], { sinceMs, steps, stepMs: step }: Span, knownFromMs: number): (number | null)[] {
  let held = 0;
  let next = 0;
  return Array.from({ length: steps }, (_, n) => {
    const fromMs = sinceMs + n * step;
    let most = held;
    for (let one = heldFrom[next]; one && one.at.getTime() < fromMs + step; one = heldFrom[++next]) {
      held = one.held;
      // what begins with the step holds for all of it
      most = one.at.getTime() <= fromMs ? held : Math.max(most, held);
    }
    return fromMs + step <= knownFromMs ? null : most;
  });
}

type Sum = Omit<Counted, 'at'>;

const nothing = (): Sum => ({ events: 0, accepted: 0, delivered: 0, failed: 0, latency: {}, outcomes: {}, statusCodes: {} });

function add(sum: Sum, more: Sum): void {
  for (const name of ['events', 'accepted', 'delivered', 'failed'] as const) sum[name] += more[name];
  for (const name of ['latency', 'outcomes', 'statusCodes'] as const) addCounts(sum[name], more[name]);
}

function figuresOf({ events, accepted, delivered, failed, latency, outcomes, statusCodes }: Sum, withEvents: boolean): Figures {
  const attempts = delivered + failed;
  const [p50 = null, p95 = null, p99 = null] = percentiles(latency, [0.5, 0.95, 0.99]);
  return {
    ...(withEvents && { events }),
    accepted,
    delivered,
    failed,
    successRate: attempts === 0 ? null : delivered / attempts,
    latencyMs: { p50, p95, p99 },
    outcomes,
    statusCodes,
  };
}
