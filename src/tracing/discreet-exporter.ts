// Leaves out of the spans of Temporal's interceptors what a trace must not hold: texts of errors may quote data, and memos
// and search attributes name tenants and hosts. Only attributes from a closed list are exported.
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';

const attributes = new Set([
  'temporalWorkflowId',
  'temporalActivityId',
  'temporalUpdateId',
  'run_id',
  'workflowId',
  'runId',
  'workflowType',
  'taskQueue',
  'namespace',
  'attempt',
]);

/** The instrumentation whose spans are clean by construction (spans.ts). */
const own = 'posthorn';

export function discreet(exporter: SpanExporter): SpanExporter {
  return {
    export: (spans, done) => exporter.export(spans.map(withoutTexts), done),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}

function withoutTexts(span: ReadableSpan): ReadableSpan {
  if (span.instrumentationLibrary.name === own) return span;
  const kept = Object.entries(span.attributes).filter(([name]) => attributes.has(name));
  const errors = span.events.flatMap(({ attributes: of, ...event }) => {
    const type = of?.['exception.type'];
    return type === undefined ? [] : [{ ...event, attributes: { 'exception.type': type } }];
  });
  return Object.create(span, {
    attributes: { value: Object.fromEntries(kept) },
    events: { value: errors },
    status: { value: { code: span.status.code } },
  });
}
