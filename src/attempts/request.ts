// The request of one attempt: headers, signature and body as the endpoint gets them (contract.md, "On the wire").
import type { BodyFormat } from '../domain/body-format.ts';
import type { EndpointTarget } from '../domain/endpoint-target.ts';
import type { Signing } from '../domain/signing.ts';
import { type Signers, signatureHeaders } from '../outbound/signatures.ts';

export interface SignedJob extends Signers {
  endpointId: string;
  deliveryId: string;
  /** The producer's id of the event. */
  webhookId: string;
  body: Uint8Array;
  target: EndpointTarget;
  format: BodyFormat;
  /** Null: Standard Webhooks v1. */
  signing: Signing | null;
  timeoutMs: number;
  /** Its number in the order of an ordered endpoint. */
  sequence?: number | null | undefined;
  /** The request carries so many deliveries, and is itself none of them. */
  batchOf?: number | undefined;
}

export interface AttemptRequest {
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
  timeoutMs: number;
}

/** `number`: of this attempt in its round, from 1. Throws when the endpoint has no live secret or key: an unsigned request is never sent. */
export function buildRequest(job: SignedJob, number: number, nowMs: number): AttemptRequest {
  const { endpointId, deliveryId, webhookId, body, target, timeoutMs, sequence, batchOf } = job;
  const timestamp = Math.floor(nowMs / 1_000);
  const headers: Record<string, string> = {
    ...target.headers,
    'content-type': 'application/json',
    'webhook-id': webhookId,
    'webhook-timestamp': String(timestamp),
    ...(batchOf === undefined
      ? { 'posthorn-delivery': deliveryId }
      : { 'posthorn-batch': String(batchOf), 'posthorn-endpoint': endpointId }),
    ...(sequence != null && { 'posthorn-sequence': String(sequence) }),
    'posthorn-attempt': String(number),
  };
  Object.assign(headers, signatureHeaders({ id: webhookId, timestamp, url: target.url, body, headers }, job.signing, job));
  return { url: target.url, body, timeoutMs, headers };
}
