// The port of a process that has no API: /metrics and /healthz, where POSTHORN_METRICS_PORT says so.
import { createMetricsApp } from '#api/metrics';
import type { Core } from './core.ts';
import { close, listen } from './listening.ts';

/** Serves until the returned function is called. Throws when the port is taken, naming the variable. */
export async function startMetricsServer({ config, log, db, vault, contents, telemetry }: Core): Promise<() => Promise<void>> {
  const { HOST: host, POSTHORN_METRICS_PORT: port } = config;
  if (port === undefined) return async () => undefined;
  const { http, serve, origin } = await listen(host, port, undefined, 'POSTHORN_METRICS_PORT');
  serve(createMetricsApp({ db, log, vault, contents, metrics: telemetry.openPage() }));
  log.info({ origin }, 'metrics.started');
  return () => close(http);
}
