// What Prometheus reads at /metrics, and the narrow interfaces through which the parts of a process tell it. Each Posthorn has a registry of its own:
// several may live in one process. The page is open, and its length is bounded: no label names a tenant or an event type, and but for the ids of the 20
// endpoints that hold most none names an endpoint.
import { Counter, Histogram, Registry } from '@prometheus-io/client';
import { type Outcome, outcomes } from '#domain/outcome';
import type { Logger } from '#runtime/logger';
import { processMetrics } from './process-metrics.ts';
import { type ServerFacts, type StoreFacts, type WorkerFacts, watchServer, watchStores, watchWorker } from './telemetry-gauges.ts';
import { watchLanes } from './telemetry-lanes.ts';

/** `conflict`: other content under a taken id. `tenant` and `all`: whose events waiting were too many. `overloaded`: the store is too slow for what comes. */
export type EventRefusal = 'conflict' | 'tenant' | 'all' | 'overloaded';

export interface IngestMetrics {
  accepted(): void;
  duplicate(): void;
  refused(reason: EventRefusal, events: number): void;
}

export interface AttemptMetrics {
  /** A request was made, and this came of it. */
  attempted(outcome: Outcome, ms: number): void;
  /** So long after its event was accepted a delivery was sent for the first time. */
  sentFirst(afterMs: number): void;
}

export interface DispatchMetrics {
  dispatched(kind: 'single' | 'batch'): void;
}

export interface Telemetry {
  ingest: IngestMetrics;
  attempts: AttemptMetrics;
  dispatches: DispatchMetrics;
  /** Adds what only a process with a worker has. Once. */
  watchWorker(facts: WorkerFacts): void;
  /** Adds what only a process with an API has. Once. */
  watchServer(facts: ServerFacts): void;
  /** Measures the process from now on; what is returned makes the page in Prometheus' text format. Calls at the same time share one. */
  openPage(): () => Promise<{ type: string; text: string }>;
}

const attemptBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];
const firstAttemptBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export function createTelemetry(stores: StoreFacts, log: Logger): Telemetry {
  const registry = new Registry();
  watchStores(registry, stores, log);
  watchLanes(registry, stores, log);
  return {
    ingest: ingestMetrics(registry),
    attempts: attemptMetrics(registry),
    dispatches: dispatchMetrics(registry),
    watchWorker: (facts) => watchWorker(registry, facts),
    watchServer: (facts) => watchServer(registry, facts),
    openPage: () => openPage([processMetrics(), registry]),
  };
}

function openPage(registries: Registry[]): () => Promise<{ type: string; text: string }> {
  let scraping: Promise<{ type: string; text: string }> | undefined;
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
  const accepted = new Counter({ name: 'posthorn_events_accepted_total', help: 'Events accepted: committed, answered 202.', registers });
  const duplicate = new Counter({
    name: 'posthorn_events_duplicate_total',
    help: 'Events that were here already, answered 202.',
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
    help: 'How long a request to an endpoint took in all.',
    buckets: attemptBuckets,
    registers,
  });
  const delay = new Histogram({
    name: 'posthorn_first_attempt_delay_seconds',
    help: 'From the acceptance of an event to the first request of a delivery, where one process did both (batched mode).',
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
  const made = bound(registry, 'posthorn_dispatches_total', 'Dispatches made, of one event or of a batch.', 'kind', ['single', 'batch']);
  return { dispatched: (kind) => made[kind].inc() };
}

/** A counter for each value of its one label, made once: counting costs no object, and what has not happened yet reads 0. */
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
