// Serves /metrics and /healthz for a process without an API, on POSTHORN_METRICS_PORT if it is set.
import { createMetricsApp } from '#api/metrics';
import type { Core } from './core.ts';
import { close, listen } from './listening.ts';

/** Serves until the returned function is called. Throws a ConfigError if the port is already in use. */
export async function startMetricsServer({ config, log, db, vault, contents, telemetry }: Core): Promise<() => Promise<void>> {
  const { HOST: host, POSTHORN_METRICS_PORT: port } = config;
  if (port === undefined) return async () => undefined;
  const { http, serve, origin } = await listen(host, port, undefined, 'POSTHORN_METRICS_PORT');
  serve(createMetricsApp({ db, log, vault, contents, metrics: telemetry.openPage() }));
  log.info({ origin }, 'metrics.started');
  return () => close(http);
}
