// W3C trace context (https://www.w3.org/TR/trace-context/): read from the headers of a producer, kept as one text, and
// written into the headers of requests to endpoints.

/** `traceparent` of version 00; then a space and `tracestate`, if there is one. */
export type TraceContext = string;

const parentLength = 55;
const parent = /^(?!ff)[0-9a-f]{2}(-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2})(-.*)?$/;
const state = /^[\x20-\x7e]{1,512}$/;

/** Null: there is none, or `traceparent` is invalid, which the standard says to ignore. An invalid `tracestate` is left out. */
export function readTraceContext(traceparent: string | undefined, tracestate?: string | string[]): TraceContext | null {
  if (traceparent === undefined) return null;
  const [, ids, more] = parent.exec(traceparent) ?? [];
  // version 00 has nothing after the flags; what later versions add is unknown here
  if (ids === undefined || (more !== undefined && traceparent.startsWith('00'))) return null;
  const states = (Array.isArray(tracestate) ? tracestate.join(',') : (tracestate ?? '')).trim();
  return state.test(states) ? `00${ids} ${states}` : `00${ids}`;
}

export interface TraceHeaders {
  traceparent: string;
  tracestate?: string;
}

export function traceHeaders(context: TraceContext): TraceHeaders {
  const traceparent = context.slice(0, parentLength);
  return context.length > parentLength ? { traceparent, tracestate: context.slice(parentLength + 1) } : { traceparent };
}

export function traceIdOf(context: TraceContext): string {
  return context.slice(3, 35);
}
