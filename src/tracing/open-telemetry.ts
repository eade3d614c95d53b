// The traces, when they are on: sets up OpenTelemetry in this process, with the interceptors of Temporal's SDK. Loaded only
// then.
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { baggageUtils, setGlobalErrorHandler, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { Resource } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-base';
import {
  makeWorkflowExporter,
  OpenTelemetryActivityInboundInterceptor,
  OpenTelemetryActivityOutboundInterceptor,
  OpenTelemetryWorkflowClientInterceptor,
} from '@temporalio/interceptors-opentelemetry';
import type { Logger } from '#runtime/logger';
import { discreet } from './discreet-exporter.ts';
import { createSpans } from './spans.ts';
import type { Tracing, TracingSettings } from './tracing.ts';

/** A burst makes some thousand spans a second. What exceeds the queue is dropped. */
const queue = { maxQueueSize: 16_384, maxExportBatchSize: 512, scheduledDelayMillis: 1_000, exportTimeoutMillis: 10_000 };
/** The end of a process does not wait longer for a collector that hangs. */
const flushWithinMs = 5_000;
const reportEveryMs = 60_000;

/** Call it once in a process. */
export function startTracing({ endpoint = '', headers, serviceName, version, ratio }: TracingSettings): Tracing {
  const resource = new Resource({ 'service.name': serviceName, 'service.version': version, 'service.instance.id': String(process.pid) });
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
    headers: baggageUtils.parseKeyPairsIntoRecord(headers),
  });
  const processor = new BatchSpanProcessor(discreet(exporter), queue);
  const sampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
  const provider = new BasicTracerProvider({ resource, sampler, spanProcessors: [processor], forceFlushTimeoutMillis: flushWithinMs });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return {
    ...createSpans(provider.getTracer('posthorn', version)),
    client: { workflow: [new OpenTelemetryWorkflowClientInterceptor()] },
    activity: (ctx) => ({
      inbound: new OpenTelemetryActivityInboundInterceptor(ctx),
      outbound: new OpenTelemetryActivityOutboundInterceptor(ctx),
    }),
    sinks: { exporter: makeWorkflowExporter(processor, resource) },
    flush: () => provider.forceFlush().catch(() => undefined),
  };
}

/** Logs what goes wrong with the export, once a minute at most. */
export function reportExportErrors(log: Logger): void {
  let reportedAt = Number.NEGATIVE_INFINITY;
  setGlobalErrorHandler((error) => {
    if (performance.now() - reportedAt < reportEveryMs) return;
    reportedAt = performance.now();
    log.warn({ err: error }, 'traces.not_exported');
  });
}
