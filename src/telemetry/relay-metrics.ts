// The counters that ingest, dispatcher and pump report to.
import { Counter, Histogram, type Registry } from '@prometheus-io/client';
import { bound } from './bound-counter.ts';

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

export interface DispatchMetrics {
  dispatched(kind: 'single' | 'batch'): void;
  /** Reports that filters kept an event from so many endpoints. */
  filteredOut(endpoints: number): void;
}

export interface PumpMetrics {
  /** Reports an attempt without a workflow, and how long after its time it began. */
  attempted(lateMs: number): void;
}

const latenessBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800];

export function ingestMetrics(registry: Registry): IngestMetrics {
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

export function dispatchMetrics(registry: Registry): DispatchMetrics {
  const made = bound(registry, 'posthorn_dispatches_total', 'Dispatches created, by kind: for a single event or a batch.', 'kind', [
    'single',
    'batch',
  ]);
  const filteredOut = new Counter({
    name: 'posthorn_events_filtered_out_total',
    help: 'Deliveries that were not made because the filter of an endpoint did not match the event.',
    registers: [registry],
  });
  return { dispatched: (kind) => made[kind].inc(), filteredOut: (endpoints) => filteredOut.inc(endpoints) };
}

export function pumpMetrics(registry: Registry): PumpMetrics {
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
