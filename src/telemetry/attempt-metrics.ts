// What attempts report: outcomes, durations, how old events are when they are first sent and delivered, and how
// deliveries end.
import { Histogram, type Registry } from '@prometheus-io/client';
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import { type Outcome, outcomes } from '#domain/deliveries/outcome';
import { type TraceContext, traceIdOf } from '#domain/events/trace-context';
import { bound } from './bound-counter.ts';

/** The statuses in which an attempt can end a delivery. */
const ends = ['succeeded', 'dead_lettered', 'quarantined'] as const;

/** What waits in a lane waits for its endpoint; what is sent directly, for Posthorn. */
export type Way = 'direct' | 'lane';

export interface AttemptMetrics {
  /** Reports the outcome of a request and how long it took. `trace`: that of the request, if there is one. */
  attempted(outcome: Outcome, ms: number, trace?: TraceContext | null): void;
  /** Reports the time from the acceptance of an event to the first request of a delivery. */
  sentFirst(afterMs: number): void;
  /** Reports the first attempt of a delivery: how long its event had waited since it was accepted, or due. */
  begun(way: Way, ageMs: number): void;
  /** The same for a delivery that succeeded in its first round. */
  delivered(way: Way, ageMs: number): void;
  /** Reports the status that an attempt, or a failure to build its request, has left. Other statuses are not counted. */
  became(status: DeliveryStatus | null): void;
}

const attemptBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];
const firstAttemptBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const ageBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600, 14_400, 86_400, 345_600];

/** `exemplars`: where durations are registered while requests are traced. */
export function attemptMetrics(registry: Registry, exemplars?: Registry): AttemptMetrics {
  const attempts = bound(registry, 'posthorn_attempts_total', 'Requests made to endpoints, by outcome.', 'outcome', outcomes);
  const ended = bound(
    registry,
    'posthorn_deliveries_ended_total',
    'Deliveries that an attempt ended, by their status. One that is replayed can end again.',
    'status',
    ends,
  );
  const histogram = (name: string, help: string, buckets: number[]) => new Histogram({ name, help, buckets, registers: [registry] });
  const observe = durations(registry, exemplars);
  const delay = histogram(
    'posthorn_first_attempt_delay_seconds',
    'Time from the acceptance of an event to the first request of a delivery, if one process did both (batched mode).',
    firstAttemptBuckets,
  );
  const begun = ages(
    registry,
    'posthorn_first_attempt_age_seconds',
    'Age of an event, since it was accepted or due, when the first attempt of a delivery was recorded.',
  );
  const delivered = ages(
    registry,
    'posthorn_delivered_age_seconds',
    'Age of an event, since it was accepted or due, when a delivery succeeded, replays excluded.',
  );
  return {
    attempted(outcome, ms, trace) {
      attempts[outcome].inc();
      observe(ms / 1_000, trace);
    },
    sentFirst: (afterMs) => delay.observe(afterMs / 1_000),
    begun: (way, ageMs) => begun[way].observe(Math.max(0, ageMs) / 1_000),
    delivered: (way, ageMs) => delivered[way].observe(Math.max(0, ageMs) / 1_000),
    became: (status) => ended[status as (typeof ends)[number]]?.inc(),
  };
}

function durations(registry: Registry, exemplars: Registry | undefined): (seconds: number, trace?: TraceContext | null) => void {
  const config = { name: 'posthorn_attempt_seconds', help: 'Total duration of a request to an endpoint.', buckets: attemptBuckets };
  if (!exemplars) {
    const histogram = new Histogram({ ...config, registers: [registry] });
    return (seconds) => histogram.observe(seconds);
  }
  const histogram = new Histogram<'trace_id'>({ ...config, enableExemplars: true, registers: [exemplars] });
  return (value, trace) => histogram.observe({ labels: {}, value, exemplarLabels: trace ? { trace_id: traceIdOf(trace) } : {} });
}

function ages(registry: Registry, name: string, help: string): Record<Way, { observe(seconds: number): void }> {
  const histogram = new Histogram({ name, help, labelNames: ['way'], buckets: ageBuckets, registers: [registry] });
  for (const way of ['direct', 'lane']) histogram.zero({ way });
  return { direct: histogram.labels({ way: 'direct' }), lane: histogram.labels({ way: 'lane' }) };
}
