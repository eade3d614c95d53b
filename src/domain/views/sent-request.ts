// The request of an attempt: what is stored of it, and how it is shown. Stored is only what cannot
// be derived later from the endpoint, the event and the attempt (docs/decisions/0025).
import { z } from 'zod';
import { type EndpointAuth, hidden, originOnly, type ShownTarget, shownTls } from '../endpoints/endpoint-target.ts';
import {
  batchHeaders,
  type EventAttributes,
  formatHeaders,
  requestHeaders,
  withConnectionHeaders,
  withSenderHeaders,
} from '../endpoints/request-headers.ts';
import type { BodyFormat } from '../events/body-format.ts';
import { isTestId } from '../events/event.ts';
import type { TraceContext } from '../events/trace-context.ts';

/** The stored part. */
export interface SentRequest {
  /** The version of the endpoint's URL, headers and credentials. */
  targetVersion: number;
  userAgent: string;
  body: {
    bytes: number;
    /** In base64. */
    sha256: string;
  };
  format: BodyFormat;
  /** The headers of the signature, in order. */
  signatures: Record<string, string>;
  sequence: number | null;
  /** See `RequestHeaders`. */
  replay: number | null;
  /** Null: it was sent alone. `number`: the attempt's number in the request, which is that of the first delivery. */
  batch: { events: number; number: number; isTest: boolean } | null;
  /** Absent: it had no trace. */
  trace?: TraceContext;
}

export const sentRequestView = z.object({
  method: z.literal('POST'),
  url: z.string().describe('URL of the request. A caller without the scope endpoints:read sees only its origin'),
  headers: z
    .array(z.tuple([z.string(), z.string()]))
    .describe(
      'request headers in the order sent. Header values that the endpoint sets and credentials are masked as ***; without the scope endpoints:read the names of those headers too',
    ),
  body: z.object({
    bytes: z.int().describe('size of the request body'),
    sha256: z.string().describe('SHA-256 of the request body, in hex'),
  }),
  tls: shownTls.nullable().describe('client certificate of the endpoint at that time; null: no TLS settings'),
});
export type SentRequestView = z.infer<typeof sentRequestView>;

/** From where the rest of a request is derived. */
export interface RequestSource {
  sent: SentRequest;
  /** Of `sent.targetVersion`. */
  target: ShownTarget;
  startedAt: Date;
  number: number;
  deliveryId: string;
  endpointId: string;
  /** Null: it was sent alone. */
  batchId: string | null;
  event: EventAttributes;
}

/** `showsEndpoint`: the caller may read the endpoint. */
export function showRequest(source: RequestSource, showsEndpoint: boolean): SentRequestView {
  const { sent, target } = source;
  const { host } = new URL(target.url);
  const all = withConnectionHeaders(withSenderHeaders(headersOf(source), sent.userAgent), host, sent.body.bytes);
  const isOwn = (name: string) => Object.hasOwn(target.headers, name);
  return {
    method: 'POST',
    url: showsEndpoint ? target.url : originOnly(target.url),
    headers: Object.entries(all).map(([name, value]) => [isOwn(name) && !showsEndpoint ? hidden : name, value]),
    body: { bytes: sent.body.bytes, sha256: hexOf(sent.body.sha256) },
    tls: showsEndpoint ? target.tls : null,
  };
}

function headersOf({ sent, target, startedAt, number, deliveryId, endpointId, batchId, event }: RequestSource): Record<string, string> {
  const { batch } = sent;
  const headers = requestHeaders({
    own: target.headers,
    authorization: maskedAuthorization(target.auth, ['bearer', 'basic']),
    format: batch ? batchHeaders(sent.format) : formatHeaders(sent.format, event),
    webhookId: batch ? (batchId ?? '') : event.id,
    timestamp: Math.floor(startedAt.getTime() / 1_000),
    number: batch?.number ?? number,
    deliveryId,
    batch: batch && { events: batch.events, endpointId },
    sequence: sent.sequence,
    replay: sent.replay,
    isTest: batch?.isTest ?? isTestId(event.id),
    trace: sent.trace ?? null,
  });
  const token = maskedAuthorization(target.auth, ['oauth2']);
  return { ...headers, ...sent.signatures, ...(token !== null && { authorization: token }) };
}

function maskedAuthorization(auth: ShownTarget['auth'], types: EndpointAuth['type'][]): string | null {
  if (!auth || !types.includes(auth.type)) return null;
  return `${auth.type === 'basic' ? 'Basic' : 'Bearer'} ${hidden}`;
}

function hexOf(base64: string): string {
  return Array.from(atob(base64), (character) => character.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}
