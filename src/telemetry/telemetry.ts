// Creates the Prometheus metrics of a Posthorn, and the narrow interfaces that its parts report to.
// Each Posthorn has its own registry, as a process may have several. The page is public and bounded:
// labels name no tenant and no event type, and only the 20 endpoints that hold the most deliveries.
import { Gauge, Registry } from '@prometheus-io/client';
import type { Logger } from '#runtime/logger';
import { type AttemptMetrics, attemptMetrics } from './attempt-metrics.ts';
import { type CatalogueMetrics, catalogueMetrics } from './catalogue-metrics.ts';
import { openPage, type ReadPage } from './metrics-page.ts';
import { type PoolFacts, watchPool } from './pool-gauges.ts';
import { processMetrics } from './process-metrics.ts';
import {
  type DispatchMetrics,
  dispatchMetrics,
  type IngestMetrics,
  ingestMetrics,
  type PumpMetrics,
  pumpMetrics,
} from './relay-metrics.ts';
import { type RequestMetrics, requestMetrics } from './request-metrics.ts';
import type { Metrics } from './summed-metrics.ts';
import {
  type ServerFacts,
  type StoreFacts,
  type WorkerFacts,
  watchServer,
  watchStores,
  watchTemporal,
  watchWorker,
} from './telemetry-gauges.ts';
import { watchInstallation } from './telemetry-installation.ts';
import { watchLanes } from './telemetry-lanes.ts';
import { temporalMetrics } from './temporal-metrics.ts';

/** What this process runs. */
export interface Build {
  version: string;
  node: string;
  temporalSdk: string;
}

export interface Telemetry {
  requests: RequestMetrics;
  ingest: IngestMetrics;
  catalogue: CatalogueMetrics;
  attempts: AttemptMetrics;
  dispatches: DispatchMetrics;
  pump: PumpMetrics;
  /** Adds the gauges of a process with a worker. Call it once. */
  watchWorker(facts: WorkerFacts): void;
  /** Adds the gauges of a process with an API. Call it once. */
  watchServer(facts: ServerFacts): void;
  /** Adds the gauges of the connections to PostgreSQL. Call it once. */
  watchPool(facts: PoolFacts): void;
  /**
   * Starts the process metrics. The returned function renders the page; concurrent calls share one.
   */
  openPage(): ReadPage;
  /** All metrics, to be added to those of other processes. Only one of them must read `ofStores`. */
  collect(ofStores: boolean): Promise<Metrics>;
}

/** `hasTraces`: requests to endpoints are traced, and shown as exemplars. */
export function createTelemetry(stores: StoreFacts, log: Logger, build: Build, hasTraces = false): Telemetry {
  const registry = new Registry();
  const exemplars = hasTraces ? new Registry(Registry.OPENMETRICS_CONTENT_TYPE) : undefined;
  const ofStores = new Registry();
  showBuild(registry, build);
  watchTemporal(registry, stores, log);
  watchStores(ofStores, stores, log);
  watchInstallation(ofStores, stores, log);
  watchLanes(ofStores, stores, log);
  const own = () => [processMetrics(), temporalMetrics.registry, registry];
  const all = (stores: boolean) => [...own(), ...(exemplars ? [exemplars] : []), ...(stores ? [ofStores] : [])];
  return {
    requests: requestMetrics(registry),
    ingest: ingestMetrics(registry),
    catalogue: catalogueMetrics(registry),
    attempts: attemptMetrics(registry, exemplars),
    dispatches: dispatchMetrics(registry),
    pump: pumpMetrics(registry),
    watchWorker: (facts) => watchWorker(registry, facts),
    watchServer: (facts) => watchServer(registry, facts),
    watchPool: (facts) => watchPool(registry, facts),
    openPage: () => openPage([...own(), ofStores], exemplars),
    collect: async (stores) => (await Promise.all(all(stores).map((one) => one.getMetricsAsJSON()))).flat(),
  };
}

function showBuild(registry: Registry, { version, node, temporalSdk }: Build): void {
  const labelNames = ['version', 'node', 'temporal_sdk'];
  const help = '1; the labels name the versions of Posthorn, Node and the Temporal SDK.';
  // several processes of one command run the same build
  new Gauge({ name: 'posthorn_build_info', help, labelNames, aggregator: 'max', registers: [registry] }).set(
    { version, node, temporal_sdk: temporalSdk },
    1,
  );
}
