// Creates the Prometheus metrics of a Posthorn, and the narrow interfaces that its parts report to.
// Each Posthorn has its own registry, as a process may have several. The page is public and bounded:
// labels name no tenant and no event type, and only the 20 endpoints that hold the most deliveries.
import { Counter, Histogram, Registry } from '@prometheus-io/client';
import { type Outcome, outcomes } from '#domain/deliveries/outcome';
import type { Logger } from '#runtime/logger';
import { processMetrics } from './process-metrics.ts';
import type { Metrics, Page } from './summed-metrics.ts';
import {
  type ServerFacts,
  type StoreFacts,
  type WorkerFacts,
  watchServer,
  watchStores,
  watchTemporal,
  watchWorker,
} from './telemetry-gauges.ts';
import { watchLanes } from './telemetry-lanes.ts';
import { temporalMetrics } from './temporal-metrics.ts';

/**
 * `conflict`: the id exists with other content. `tenant`, `all`: too many events of the tenant, or of all tenants,
 * wait. `overloaded`: the store is too slow for the load.
 */
export type EventRefusal = 'conflict' | 'tenant' | 'all' | 'overloaded';

export interface IngestMetrics {
  accepted(): void;
  duplicate(): void;
  refused(reason: EventRefusal, events: number): void;
}

export interface AttemptMetrics {
  /** Reports the outcome of a request and how long it took. */
  attempted(outcome: Outcome, ms: number): void;
  /** Reports the time from the acceptance of an event to the first request of a delivery. */
  sentFirst(afterMs: number): void;
}

export interface DispatchMetrics {
  dispatched(kind: 'single' | 'batch'): void;
}

export interface PumpMetrics {
  /** Reports an attempt without a workflow, and how long after its time it began. */
  attempted(lateMs: number): void;
}

export interface Telemetry {
  ingest: IngestMetrics;
  attempts: AttemptMetrics;
  dispatches: DispatchMetrics;
  pump: PumpMetrics;
  /** Adds the gauges of a process with a worker. Call it once. */
  watchWorker(facts: WorkerFacts): void;
  /** Adds the gauges of a process with an API. Call it once. */
  watchServer(facts: ServerFacts): void;
  /**
   * Starts the process metrics. The returned function renders the page in the Prometheus text format; concurrent calls
   * share one.
   */
  openPage(): () => Promise<Page>;
  /** All metrics, to be added to those of other processes. Only one of them must read `ofStores`. */
  collect(ofStores: boolean): Promise<Metrics>;
}

const attemptBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];
const latenessBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800];
const firstAttemptBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export function createTelemetry(stores: StoreFacts, log: Logger): Telemetry {
  const registry = new Registry();
  const ofStores = new Registry();
  watchTemporal(registry, stores, log);
  watchStores(ofStores, stores, log);
  watchLanes(ofStores, stores, log);
  const own = () => [processMetrics(), temporalMetrics.registry, registry];
  return {
    ingest: ingestMetrics(registry),
    attempts: attemptMetrics(registry),
    dispatches: dispatchMetrics(registry),
    pump: pumpMetrics(registry),
    watchWorker: (facts) => watchWorker(registry, facts),
    watchServer: (facts) => watchServer(registry, facts),
    openPage: () => openPage([...own(), ofStores]),
    collect: async (stores) => (await Promise.all([...own(), ...(stores ? [ofStores] : [])].map((one) => one.getMetricsAsJSON()))).flat(),
  };
}

function openPage(registries: Registry[]): () => Promise<Page> {
  let scraping: Promise<Page> | undefined;
  return () => {
    scraping ??= Promise.all(registries.map((one) => one.metrics()))
      .then((texts) => ({ type: Registry.PROMETHEUS_CONTENT_TYPE, text: texts.join('\n') }))
      .finally(() => {
        scraping = undefined;
      });
    return scraping;
  };
}

function ingestMetrics(registry: Registry): IngestMetrics {
  const registers = [registry];
  const accepted = new Counter({ name: 'posthorn_events_accepted_total', help: 'Events accepted: committed and answered 202.', registers });
  const duplicate = new Counter({
    name: 'posthorn_events_duplicate_total',
    help: 'Duplicate events: already stored, answered 202.',
    registers,
  });
  const refused = bound(registry, 'posthorn_events_refused_total', 'Events refused, by reason.', 'reason', [
    'conflict',
    'tenant',
    'all',
    'overloaded',
  ]);
  return {
    accepted: () => accepted.inc(),
    duplicate: () => duplicate.inc(),
    refused: (reason, events) => refused[reason].inc(events),
  };
}

function attemptMetrics(registry: Registry): AttemptMetrics {
  const registers = [registry];
  const attempts = bound(registry, 'posthorn_attempts_total', 'Requests made to endpoints, by outcome.', 'outcome', outcomes);
  const duration = new Histogram({
    name: 'posthorn_attempt_seconds',
    help: 'Total duration of a request to an endpoint.',
    buckets: attemptBuckets,
    registers,
  });
  const delay = new Histogram({
    name: 'posthorn_first_attempt_delay_seconds',
    help: 'Time from the acceptance of an event to the first request of a delivery, if one process did both (batched mode).',
    buckets: firstAttemptBuckets,
    registers,
  });
  return {
    attempted(outcome, ms) {
      attempts[outcome].inc();
      duration.observe(ms / 1_000);
    },
    sentFirst: (afterMs) => delay.observe(afterMs / 1_000),
  };
}

function dispatchMetrics(registry: Registry): DispatchMetrics {
  const made = bound(registry, 'posthorn_dispatches_total', 'Dispatches created, by kind: for a single event or a batch.', 'kind', [
    'single',
    'batch',
  ]);
  return { dispatched: (kind) => made[kind].inc() };
}

function pumpMetrics(registry: Registry): PumpMetrics {
  const registers = [registry];
  const attempts = new Counter({
    name: 'posthorn_pump_attempts_total',
    help: 'Attempts that this process made without a workflow.',
    registers,
  });
  const lateness = new Histogram({
    name: 'posthorn_pump_lateness_seconds',
    help: 'Time from the moment at which an attempt without a workflow was due to its begin.',
    buckets: latenessBuckets,
    registers,
  });
  return {
    attempted(lateMs) {
      attempts.inc();
      lateness.observe(lateMs / 1_000);
    },
  };
}

/**
 * A counter with one child for each label value, created once: counting allocates nothing, and values that never
 * occurred read 0.
 */
function bound<T extends string>(
  registry: Registry,
  name: string,
  help: string,
  label: string,
  values: readonly T[],
): Record<T, { inc(by?: number): void }> {
  const counter = new Counter({ name, help, labelNames: [label], registers: [registry] });
  const children = values.map((value) => {
    counter.inc({ [label]: value }, 0);
    return [value, counter.labels(value)] as const;
  });
  return Object.fromEntries(children) as Record<T, { inc(by?: number): void }>;
}
