// Serves /metrics, /healthz and /readyz for a process without an API, on POSTHORN_METRICS_PORT if it is set.
import { createMetricsApp } from '#api/metrics';
import { isStoreUp } from '#db/keys/settings';
import type { Core } from './core.ts';
import { listen } from './listening.ts';

/**
 * Serves until the returned function is called. `workerPolls`: whether Temporal answers the polls of this process's
 * worker. Throws a ConfigError if the port is already in use.
 */
export async function startMetricsServer(core: Core, workerPolls: () => boolean, stopping: () => boolean): Promise<() => Promise<void>> {
  const { config, log, db, shares, vault, contents, telemetry, temporalTrouble } = core;
  const { HOST: host, POSTHORN_METRICS_PORT: port } = config;
  if (port === undefined) return async () => undefined;
  const { serve, origin, close } = await listen(host, port, undefined, 'POSTHORN_METRICS_PORT');
  const readiness = { storeUp: () => isStoreUp(shares.lease), temporalTrouble, workerPolls, stopping };
  serve(createMetricsApp({ db, log, vault, contents, requests: telemetry.requests, metrics: telemetry.openPage(), ...readiness }));
  log.info({ origin }, 'metrics.started');
  return close;
}
