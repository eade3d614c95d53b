// Builds the request of one attempt: headers, signature and body as the endpoint gets them.
// Called by the poster for each attempt. Reads and writes nothing.
import { hash } from 'node:crypto';
import { type EndpointTarget, fixedAuthorization } from '#domain/endpoints/endpoint-target';
import { batchHeaders, requestHeaders } from '#domain/endpoints/request-headers';
import type { Signing } from '#domain/endpoints/signing';
import type { BodyFormat } from '#domain/events/body-format';
import { isTestId } from '#domain/events/event';
import type { TraceContext } from '#domain/events/trace-context';
import type { SentRequest } from '#domain/views/sent-request';
import { type Access, accessOf } from '#outbound/access';
import { type Rendered, renderBatch, renderBody } from '#outbound/render';
import { type Signers, signatureHeaders } from '#outbound/signatures';

export interface SignedJob extends Signers {
  endpointId: string;
  tenantId: string;
  deliveryId: string;
  /** The producer's id of the event. */
  webhookId: string;
  /** The body in the standard format. */
  body: Uint8Array;
  target: EndpointTarget;
  format: BodyFormat;
  /** Null: Standard Webhooks v1. */
  signing: Signing | null;
  timeoutMs: number;
  /** The run through the retry schedule, from 1. Absent: 1. */
  round?: number;
  /** The delivery's number at an ordered endpoint. */
  sequence?: number | null | undefined;
  /** The request carries these events. `body` and `deliveryId` are then those of the first one. */
  batch?: BatchElement[] | undefined;
  /** Null or absent: the request carries no trace. */
  trace?: TraceContext | null | undefined;
}

export interface BatchElement {
  /** The producer's id of the event. */
  id: string;
  sequence: number | null;
  /** Absent: 1. */
  round?: number;
  body: Uint8Array;
}

export interface AttemptRequest {
  url: string;
  endpointId: string;
  headers: Record<string, string>;
  body: Uint8Array;
  access: Access | undefined;
  timeoutMs: number;
  signatures: Record<string, string>;
}

/**
 * `number`: the attempt's number in its round, from 1. Throws when the endpoint has no valid secret or key (an unsigned
 * request is never sent), and whatever `renderBody` throws.
 */
export function buildRequest(job: SignedJob, number: number, nowMs: number): AttemptRequest {
  const { endpointId, deliveryId, webhookId, target, timeoutMs, sequence, batch } = job;
  const timestamp = Math.floor(nowMs / 1_000);
  const rendered = render(job);
  const { body } = rendered;
  const headers = requestHeaders({
    own: target.headers,
    authorization: fixedAuthorization(target.auth),
    format: rendered.headers,
    webhookId,
    timestamp,
    number,
    deliveryId,
    batch: batch ? { events: batch.length, endpointId } : null,
    sequence: sequence ?? null,
    replay: replayOf(job),
    isTest: isTest(job),
    trace: job.trace ?? null,
  });
  const signatures = signatureHeaders({ id: webhookId, timestamp, url: target.url, body, headers }, job.signing, job);
  return {
    url: target.url,
    endpointId,
    body,
    access: accessOf(endpointId, target),
    timeoutMs,
    headers: { ...headers, ...signatures },
    signatures,
  };
}

function replayOf({ round = 1, batch = [] }: Pick<SignedJob, 'round' | 'batch'>): number | null {
  const highest = Math.max(round, ...batch.map((event) => event.round ?? 1));
  return highest > 1 ? highest : null;
}

function isTest({ webhookId, batch }: Pick<SignedJob, 'webhookId' | 'batch'>): boolean {
  return batch?.every(({ id }) => isTestId(id)) ?? isTestId(webhookId);
}

/** What is stored of the request, to show later what was sent. `number`: as given to `buildRequest`. */
export function sentRequest(
  job: Pick<SignedJob, 'format' | 'webhookId' | 'sequence' | 'batch' | 'round' | 'trace'> & { targetVersion: number },
  { body, signatures }: AttemptRequest,
  number: number,
  userAgent: string,
): SentRequest {
  const { targetVersion, format, sequence = null, batch, trace } = job;
  return {
    targetVersion,
    userAgent,
    body: { bytes: body.length, sha256: hash('sha256', body, 'base64') },
    format,
    signatures,
    sequence,
    replay: replayOf(job),
    batch: batch ? { events: batch.length, number, isTest: isTest(job) } : null,
    ...(trace && { trace }),
  };
}

function render({ format, tenantId, webhookId, body, batch }: SignedJob): Rendered {
  if (!batch) return renderBody(format, { id: webhookId, tenantId, body });
  const events = batch.map((event) => ({ ...event, tenantId }));
  return { body: renderBatch(format, events), headers: batchHeaders(format) };
}
