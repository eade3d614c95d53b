// The part of the configuration that concerns traces.
import type { Config } from '#config/config';
import { build } from '#config/package';
import type { TracingSettings } from '#tracing/tracing';

export function tracingSettings(config: Config): TracingSettings {
  return {
    endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    headers: config.OTEL_EXPORTER_OTLP_HEADERS,
    serviceName: config.OTEL_SERVICE_NAME,
    version: build.version,
    ratio: config.POSTHORN_TRACE_RATIO,
  };
}
