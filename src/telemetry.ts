// What Prometheus reads at /metrics, and the narrow interfaces through which the parts of a process tell it. Each Posthorn has a registry of its own:
// several may live in one process. No label names a tenant, an endpoint or an event type: the page is open, and its length is bounded.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client';
import type { DispatchMode } from './domain/dispatch-mode.ts';
import { type Outcome, outcomes } from './domain/outcome.ts';
import type { Logger } from './logger.ts';

/** `conflict`: other content under a taken id. `tenant` and `all`: whose events waiting were too many. */
export type EventRefusal = 'conflict' | 'tenant' | 'all';

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

/** Asked at each scrape. */
export interface WorkerFacts {
  relay(): { mode: DispatchMode; waiting: number };
  load(): { inFlight: number; unrecorded: number };
}

/** Asked at each scrape; one that rejects or takes longer than 2 s is left out of it. */
export interface StoreFacts {
  outboxEvents(): Promise<number>;
  temporalAway(): Promise<boolean>;
}

export interface Telemetry {
  ingest: IngestMetrics;
  attempts: AttemptMetrics;
  dispatches: DispatchMetrics;
  /** Adds what only a process with a worker has. Once. */
  watchWorker(facts: WorkerFacts): void;
  /** The page in Prometheus' text format. Calls at the same time share one. */
  scrape(): Promise<{ type: string; text: string }>;
}

const patienceMs = 2_000;
const attemptBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];
const firstAttemptBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export function createTelemetry(stores: StoreFacts, log: Logger): Telemetry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  watchStores(registry, stores, log);
  let scraping: Promise<{ type: string; text: string }> | undefined;
  return {
    ingest: ingestMetrics(registry),
    attempts: attemptMetrics(registry),
    dispatches: dispatchMetrics(registry),
    watchWorker: (facts) => watchWorker(registry, facts),
    scrape() {
      scraping ??= registry
        .metrics()
        .then((text) => ({ type: registry.contentType, text }))
        .finally(() => {
          scraping = undefined;
        });
      return scraping;
    },
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
  const refused = bound(registry, 'posthorn_events_refused_total', 'Events refused, by reason.', 'reason', ['conflict', 'tenant', 'all']);
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

function watchWorker(registry: Registry, { relay, load }: WorkerFacts): void {
  const registers = [registry];
  new Gauge({
    name: 'posthorn_dispatch_mode',
    help: '1 for the way events leave this process now.',
    labelNames: ['mode'],
    registers,
    collect() {
      const { mode } = relay();
      for (const one of ['individual', 'batched']) this.set({ mode: one }, one === mode ? 1 : 0);
    },
  });
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  gauge('posthorn_relay_waiting', 'Events and first attempts that wait in the memory of this process.', () => relay().waiting);
  gauge('posthorn_requests_in_flight', 'Requests to endpoints under way in this process.', () => load().inFlight);
  gauge('posthorn_outcomes_unrecorded', 'Outcomes of requests that PostgreSQL does not have yet.', () => load().unrecorded);
}

function watchStores(registry: Registry, { outboxEvents, temporalAway }: StoreFacts, log: Logger): void {
  const asked = (name: string, help: string, ask: () => Promise<number>) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const value = await soon(ask()).catch((error) => log.warn({ err: error, metric: name }, 'metrics.not_asked'));
        // no answer is no sample: an old one would be taken for a new one
        if (typeof value !== 'number') this.remove();
        else this.set(value);
      },
    });
  asked('posthorn_temporal_away', '1 while Temporal does not answer this process.', async () => ((await temporalAway()) ? 1 : 0));
  asked(
    'posthorn_outbox_events',
    'Accepted events that no dispatch guards yet, of all processes; 10000 stands for more too.',
    outboxEvents,
  );
}

/** What it resolves to within 2 s; later, undefined. */
async function soon<T>(asked: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, patienceMs, undefined);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
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
