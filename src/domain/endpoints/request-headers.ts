// Builds the headers of a request to an endpoint, in the order in which they are sent. Called to
// send a request, and later with masked values to show what was sent: both give the same headers.
import type { BodyFormat } from '../events/body-format.ts';
import { type TraceContext, traceHeaders } from '../events/trace-context.ts';

/** Set to `true` on requests that carry only test events. */
export const testHeader = 'posthorn-test';

/** Set on requests with a delivery that was replayed. */
const replayHeader = 'posthorn-replay';

/** The attributes of an event that a body format may write into headers. */
export interface EventAttributes {
  /** The producer's id of the event. */
  id: string;
  tenantId: string;
  type: string;
  timestamp: string;
}

const json = 'application/json';

const contentTypes: Record<BodyFormat, string> = {
  standard: json,
  raw: json,
  cloudevents: 'application/cloudevents+json; charset=utf-8',
  'cloudevents-binary': json,
  form: 'application/x-www-form-urlencoded',
  xml: 'application/xml; charset=utf-8',
};

/** `attributes` are needed only for cloudevents-binary. */
export function formatHeaders(format: BodyFormat, attributes?: EventAttributes): Record<string, string> {
  const type = { 'content-type': contentTypes[format] };
  return format === 'cloudevents-binary' && attributes ? { ...type, ...cloudEventHeaders(attributes) } : type;
}

export function batchHeaders(format: BodyFormat): Record<string, string> {
  return { 'content-type': format === 'cloudevents' ? 'application/cloudevents-batch+json; charset=utf-8' : json };
}

export function sourceOf(tenantId: string): string {
  return `/tenants/${tenantId}`;
}

function cloudEventHeaders({ id, tenantId, type, timestamp }: EventAttributes): Record<string, string> {
  return {
    'ce-specversion': '1.0',
    'ce-id': headerText(id),
    'ce-source': headerText(sourceOf(tenantId)),
    'ce-type': headerText(type),
    'ce-time': timestamp,
  };
}

/** Percent-encodes for the HTTP binding: everything that is not visible ASCII, and space, quote and percent sign. */
function headerText(text: string): string {
  return text.replace(/[^\x21\x23\x24\x26-\x7e]+/g, (part) =>
    [...new TextEncoder().encode(part)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

export interface RequestHeaders {
  /** Headers that the endpoint sets. */
  own: Record<string, string>;
  /** Bearer and basic auth. An OAuth token is added when the request is sent. */
  authorization: string | null;
  /** Headers of the body format. */
  format: Record<string, string>;
  /** The producer's id of the event, or the id of the batch. */
  webhookId: string;
  /** Seconds since 1970. */
  timestamp: number;
  /** Number of the attempt in its round, from 1. */
  number: number;
  deliveryId: string;
  /** The request carries several events. It then names the endpoint and no delivery. */
  batch: { events: number; endpointId: string } | null;
  sequence: number | null;
  /** The round of a delivery that is replayed, from 2; of a batch the highest one. Null: nothing of the request is. */
  replay: number | null;
  /** All events of the request are tests. */
  isTest: boolean;
  /** The span of this attempt, or the context that the producer gave. */
  trace: TraceContext | null;
}

/** All headers except signatures and those that the sender adds. Names set by Posthorn are in lower case. */
export function requestHeaders(from: RequestHeaders): Record<string, string> {
  const { own, authorization, format, webhookId, timestamp, number, deliveryId, batch, sequence, replay, isTest, trace } = from;
  return {
    ...own,
    ...(authorization !== null && { authorization }),
    ...format,
    'webhook-id': webhookId,
    'webhook-timestamp': String(timestamp),
    ...(batch === null
      ? { 'posthorn-delivery': deliveryId }
      : { 'posthorn-batch': String(batch.events), 'posthorn-endpoint': batch.endpointId }),
    ...(sequence !== null && { 'posthorn-sequence': String(sequence) }),
    'posthorn-attempt': String(number),
    ...(replay !== null && { [replayHeader]: String(replay) }),
    ...(isTest && { [testHeader]: 'true' }),
    ...(trace !== null && !setsTrace(own) && traceHeaders(trace)),
  };
}

/** An endpoint that sets a trace of its own gets no other. */
function setsTrace(own: Record<string, string>): boolean {
  return Object.keys(own).some((name) => /^trace(parent|state)$/i.test(name));
}

/** Adds `user-agent`, and `accept-encoding: identity` unless the request sets it. */
export function withSenderHeaders(given: Record<string, string>, userAgent: string): Record<string, string> {
  const asksEncoding = Object.keys(given).some((name) => name.toLowerCase() === 'accept-encoding');
  return { ...given, ...(!asksEncoding && { 'accept-encoding': 'identity' }), 'user-agent': userAgent };
}

/** Adds the headers of the connection. `bytes`: the length of the body; null: the request has none. */
export function withConnectionHeaders(given: Record<string, string>, host: string, bytes: number | null): Record<string, string> {
  return { host, connection: 'keep-alive', ...given, ...(bytes !== null && { 'content-length': String(bytes) }) };
}
