// Builds the request of one attempt: headers, signature and body as the endpoint gets them.
// Called by the poster for each attempt. Reads and writes nothing.
import type { BodyFormat } from '#domain/body-format';
import { type EndpointTarget, fixedAuthorization } from '#domain/endpoint-target';
import { isTestId } from '#domain/event';
import type { Signing } from '#domain/signing';
import { type Access, accessOf } from '#outbound/access';
import { batchHeaders, type Rendered, renderBatch, renderBody } from '#outbound/render';
import { testHeader } from '#outbound/sign-message';
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
  /** The delivery's number at an ordered endpoint. */
  sequence?: number | null | undefined;
  /** The request carries these events. `body` and `deliveryId` are then those of the first one. */
  batch?: BatchElement[] | undefined;
}

export interface BatchElement {
  /** The producer's id of the event. */
  id: string;
  sequence: number | null;
  body: Uint8Array;
}

export interface AttemptRequest {
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
  access: Access | undefined;
  timeoutMs: number;
}

/**
 * `number`: the attempt's number in its round, from 1. Throws when the endpoint has no valid secret or key (an unsigned
 * request is never sent), and whatever `renderBody` throws.
 */
export function buildRequest(job: SignedJob, number: number, nowMs: number): AttemptRequest {
  const { endpointId, deliveryId, webhookId, target, timeoutMs, sequence, batch } = job;
  const authorization = fixedAuthorization(target.auth);
  const timestamp = Math.floor(nowMs / 1_000);
  const rendered = render(job);
  const { body } = rendered;
  const headers: Record<string, string> = {
    ...target.headers,
    ...(authorization !== null && { authorization }),
    ...rendered.headers,
    'webhook-id': webhookId,
    'webhook-timestamp': String(timestamp),
    ...(batch === undefined
      ? { 'posthorn-delivery': deliveryId }
      : { 'posthorn-batch': String(batch.length), 'posthorn-endpoint': endpointId }),
    ...(sequence != null && { 'posthorn-sequence': String(sequence) }),
    'posthorn-attempt': String(number),
    ...((batch?.every(({ id }) => isTestId(id)) ?? isTestId(webhookId)) && { [testHeader]: 'true' }),
  };
  Object.assign(headers, signatureHeaders({ id: webhookId, timestamp, url: target.url, body, headers }, job.signing, job));
  return { url: target.url, body, access: accessOf(endpointId, target), timeoutMs, headers };
}

function render({ format, tenantId, webhookId, body, batch }: SignedJob): Rendered {
  if (!batch) return renderBody(format, { id: webhookId, tenantId, body });
  const events = batch.map((event) => ({ ...event, tenantId }));
  return { body: renderBatch(format, events), headers: batchHeaders(format) };
}
