// The request of one attempt: headers, signature and body as the endpoint gets them (contract.md, "On the wire").
import type { KeyObject } from 'node:crypto';
import type { BodyFormat } from '../domain/body-format.ts';
import { type EndpointTarget, fixedAuthorization } from '../domain/endpoint-target.ts';
import type { Signing } from '../domain/signing.ts';
import { type Access, accessOf } from '../outbound/access.ts';
import { signStandard } from '../outbound/sign.ts';

export interface SignedJob {
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
  /** The endpoint's live secrets, opened. */
  secrets: KeyObject[];
}

export interface AttemptRequest {
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
  access: Access | undefined;
  timeoutMs: number;
}

/** `number`: of this attempt in its round, from 1. Throws when the endpoint has no live secret: an unsigned request is never sent. */
export function buildRequest(job: SignedJob, number: number, nowMs: number): AttemptRequest {
  const { endpointId, deliveryId, webhookId, body, target, timeoutMs, secrets, sequence, batchOf } = job;
  if (secrets.length === 0) throw new Error('the endpoint has no live secret');
  const authorization = fixedAuthorization(target.auth);
  const timestamp = Math.floor(nowMs / 1_000);
  return {
    url: target.url,
    body,
    access: accessOf(endpointId, target),
    timeoutMs,
    headers: {
      ...target.headers,
      ...(authorization !== null && { authorization }),
      'content-type': 'application/json',
      'webhook-id': webhookId,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signStandard({ id: webhookId, timestamp, body, secrets }),
      ...(batchOf === undefined
        ? { 'posthorn-delivery': deliveryId }
        : { 'posthorn-batch': String(batchOf), 'posthorn-endpoint': endpointId }),
      ...(sequence != null && { 'posthorn-sequence': String(sequence) }),
      'posthorn-attempt': String(number),
    },
  };
}
