// The spans that Posthorn makes itself: requests to the API, fan-out, attempts. They name ids, addresses and outcomes;
// never content, secrets or URLs.
import {
  type Attributes,
  type Context,
  context as contexts,
  INVALID_SPANID,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace as traces,
} from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';
import { type TraceContext, traceHeaders } from '#domain/events/trace-context';
import type { AttemptFacts, AttemptSpan, FannedOut, RequestSpan, Tracing } from './tracing.ts';

/** A parent that is not sampled: so nothing below it is. The ids only have to be valid. */
const notTraced = traces.setSpanContext(ROOT_CONTEXT, {
  traceId: '1'.padStart(32, '0'),
  spanId: '1'.padStart(INVALID_SPANID.length, '0'),
  traceFlags: TraceFlags.NONE,
});

export function createSpans(tracer: Tracer): Pick<Tracing, 'request' | 'fannedOut' | 'attempt' | 'within' | 'logFields'> {
  return {
    request: (method, given) => requestSpan(tracer, method, given),
    fannedOut: (event, direct, lanes) => fanOutSpan(tracer, event, direct, lanes),
    attempt: (facts) => attemptSpan(tracer, facts),
    within: (trace, run) => contexts.with(trace === null ? notTraced : parentOf(trace), run),
    logFields() {
      const active = traces.getActiveSpan()?.spanContext();
      return active?.traceFlags === TraceFlags.SAMPLED ? { traceId: active.traceId, spanId: active.spanId } : {};
    },
  };
}

function requestSpan(tracer: Tracer, method: string, given: TraceContext | null): RequestSpan {
  const parent = given === null ? ROOT_CONTEXT : remote(given);
  const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes: { 'http.request.method': method } }, parent);
  return {
    // a caller that did not sample gets its own context passed on
    context: span.isRecording() ? contextOf(span) : given,
    end({ route, status, requestId }) {
      if (!span.isRecording()) return;
      if (route !== undefined) span.updateName(`${method} ${route}`).setAttribute('http.route', route);
      if (status !== null) span.setAttribute('http.response.status_code', status);
      span.setAttribute('posthorn.request_id', requestId);
      if (status === null || status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

function fanOutSpan(tracer: Tracer, { trace, eventId, tenantId, acceptedHereMs }: FannedOut, direct: number, lanes: number): void {
  // an event for one endpoint has its attempt to show
  if (trace === null || direct + lanes === 1) return;
  const attributes = {
    'posthorn.event_id': eventId,
    'posthorn.tenant_id': tenantId,
    'posthorn.endpoints.direct': direct,
    'posthorn.endpoints.in_lanes': lanes,
  };
  const startTime = acceptedHereMs === null ? Date.now() : performance.timeOrigin + acceptedHereMs;
  tracer.startSpan('fan out', { kind: SpanKind.INTERNAL, attributes, startTime }, remote(trace)).end();
}

function attemptSpan(tracer: Tracer, facts: AttemptFacts): AttemptSpan {
  const { trace, batch } = facts;
  const links = (batch ?? []).flatMap((one) => (one.trace ? [{ context: spanContextOf(one.trace) }] : []));
  if (!trace && links.length === 0) return untraced(null);
  const parent = trace ? parentOf(trace) : ROOT_CONTEXT;
  const span = tracer.startSpan('attempt', { kind: SpanKind.CLIENT, attributes: attributesOf(facts), links }, parent);
  // what is not sampled passes on what the producer gave
  if (!span.isRecording()) return untraced(trace ?? null);
  return {
    context: contextOf(span),
    ended({ outcome, response, address }) {
      span.setAttribute('posthorn.outcome', outcome);
      if (address !== null) span.setAttribute('network.peer.address', address);
      if (response) span.setAttribute('http.response.status_code', response.statusCode);
      if (outcome !== 'accepted') span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
    failed(error) {
      span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown').setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

function untraced(context: TraceContext | null): AttemptSpan {
  return { context, ended: () => undefined, failed: () => undefined };
}

function attributesOf({ tenantId, endpointId, deliveryId, eventId, round, number, batch }: AttemptFacts): Attributes {
  return {
    'http.request.method': 'POST',
    'posthorn.tenant_id': tenantId,
    'posthorn.endpoint_id': endpointId,
    'posthorn.delivery_id': deliveryId,
    'posthorn.event_id': eventId,
    'posthorn.round': round,
    'posthorn.attempt': number,
    ...(batch && { 'posthorn.batch.events': batch.length }),
  };
}

/** The active span, if it belongs to this trace: an activity's. Work in the background may have one of another event. */
function parentOf(trace: TraceContext): Context {
  const active = traces.getActiveSpan()?.spanContext();
  const own = spanContextOf(trace);
  return active && isSpanContextValid(active) && active.traceId === own.traceId
    ? contexts.active()
    : traces.setSpanContext(ROOT_CONTEXT, own);
}

const remote = (trace: TraceContext): Context => traces.setSpanContext(ROOT_CONTEXT, spanContextOf(trace));

function spanContextOf(trace: TraceContext): SpanContext {
  const { traceparent, tracestate } = traceHeaders(trace);
  return {
    traceId: traceparent.slice(3, 35),
    spanId: traceparent.slice(36, 52),
    traceFlags: Number.parseInt(traceparent.slice(53), 16) & TraceFlags.SAMPLED,
    isRemote: true,
    ...(tracestate !== undefined && { traceState: new TraceState(tracestate) }),
  };
}

function contextOf(span: Span): TraceContext {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const states = traceState?.serialize() ?? '';
  const own = `00-${traceId}-${spanId}-0${traceFlags & TraceFlags.SAMPLED}`;
  return states === '' ? own : `${own} ${states}`;
}
