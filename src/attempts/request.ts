// The request of one attempt: headers, signature and body as the endpoint gets them (contract.md, "On the wire").
import type { DeliveryJob } from '../db/deliveries.ts';
import { signStandard } from '../outbound/sign.ts';

export interface AttemptRequest {
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
  timeoutMs: number;
}

export interface RequestInput {
  job: DeliveryJob;
  /** The number of this attempt in its round, from 1. */
  number: number;
  nowMs: number;
  /** The endpoint's live secrets, opened. */
  secrets: Uint8Array[];
}

/** Throws when the endpoint has no live secret: an unsigned request is never sent. */
export function buildRequest({ job, number, nowMs, secrets }: RequestInput): AttemptRequest {
  if (secrets.length === 0) throw new Error('the endpoint has no live secret');
  const timestamp = Math.floor(nowMs / 1_000);
  return {
    url: job.url,
    body: job.body,
    timeoutMs: job.timeoutMs,
    headers: {
      ...job.headers,
      'content-type': 'application/json',
      'webhook-id': job.webhookId,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signStandard({ id: job.webhookId, timestamp, body: job.body, secrets }),
      'posthorn-delivery': job.deliveryId,
      'posthorn-attempt': String(number),
    },
  };
}
