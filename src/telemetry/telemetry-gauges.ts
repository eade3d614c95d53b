// The gauges of /metrics whose values are read from worker, API and stores at each scrape.
import { Gauge, type Registry } from '@prometheus-io/client';
import type { InstallationFigures } from '#db/deliveries/installation-figures';
import type { LaneFigures } from '#db/lanes/lane-figures';
import type { DispatchMode } from '#domain/events/dispatch-mode';
import type { Logger } from '#runtime/logger';
import { askedGauge } from './asked-gauge.ts';
import { soon } from './asked-once.ts';

/** Called at each scrape. */
export interface WorkerFacts {
  relay(): { mode: DispatchMode; waiting: number };
  load(): { inFlight: number; unrecorded: number };
  drainsHere(): number;
}

/** Called at each scrape. */
export interface ServerFacts {
  refusing(): { all: boolean; tenants: number };
}

/** Called at each scrape. If one rejects or takes longer than 2 s, its metric is left out of that scrape. */
export interface StoreFacts {
  outboxEvents(): Promise<number>;
  overdueDeliveries(): Promise<number>;
  temporalAway(): Promise<boolean>;
  lanes(): Promise<LaneFigures>;
  installation(): Promise<InstallationFigures>;
}

export function watchWorker(registry: Registry, { relay, load, drainsHere }: WorkerFacts): void {
  const registers = [registry];
  new Gauge({
    name: 'posthorn_dispatch_mode',
    help: 'Processes that use this dispatch mode now.',
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
  gauge('posthorn_relay_waiting', 'Events and first attempts waiting in the memory of this process.', () => relay().waiting);
  gauge('posthorn_requests_in_flight', 'Requests to endpoints in flight in this process.', () => load().inFlight);
  gauge('posthorn_outcomes_unrecorded', 'Outcomes of requests that are not stored in PostgreSQL yet.', () => load().unrecorded);
  gauge('posthorn_lanes_drained_here', 'Lanes that this process drains now without a workflow.', drainsHere);
}

export function watchServer(registry: Registry, { refusing }: ServerFacts): void {
  new Gauge({
    name: 'posthorn_refusing',
    help: 'New events are refused with 429 by this process because too many wait. Scope all: 1 if all tenants are refused. Scope tenant: number of tenants refused.',
    labelNames: ['scope'],
    registers: [registry],
    // several processes refuse the same tenants
    aggregator: 'max',
    collect() {
      const { all, tenants } = refusing();
      this.set({ scope: 'all' }, all ? 1 : 0);
      this.set({ scope: 'tenant' }, tenants);
    },
  });
}

export function watchTemporal(registry: Registry, { temporalAway }: StoreFacts, log: Logger): void {
  gaugeOf(registry, log)(
    'posthorn_temporal_away',
    '1 while Temporal does not answer this process or refuses to start workflows, else 0.',
    async () => ((await temporalAway()) ? 1 : 0),
  );
}

export function watchStores(registry: Registry, { outboxEvents, overdueDeliveries }: StoreFacts, log: Logger): void {
  const asked = gaugeOf(registry, log);
  asked(
    'posthorn_outbox_events',
    'Accepted events in the outbox that have no dispatch yet, of all processes; 10000 means 10000 or more.',
    outboxEvents,
  );
  asked(
    'posthorn_deliveries_overdue',
    'Deliveries whose attempt is overdue by a minute or more, of all processes; 10000 means 10000 or more.',
    overdueDeliveries,
  );
}

/** A function that makes a gauge whose value is asked for at each scrape. */
function gaugeOf(registry: Registry, log: Logger) {
  return (name: string, help: string, ask: () => Promise<number>) =>
    askedGauge(registry, name, help, async () => {
      try {
        return await soon(ask());
      } catch (error) {
        log.warn({ err: error, metric: name }, 'metrics.not_asked');
      }
    });
}
