// Delivery and attempt as the API shows them.
import { z } from 'zod';
import { deliveryStatus } from '../deliveries/delivery.ts';
import { outcome } from '../deliveries/outcome.ts';
import type { Mismatch } from '../events/matching.ts';
import { sentRequestView } from './sent-request.ts';

export const deliveryView = z.object({
  id: z.string(),
  event: z.string().describe('id of the event'),
  eventType: z.string(),
  tenant: z.string(),
  endpoint: z.string(),
  host: z.string().describe('host of the endpoint; empty: the endpoint is not known any more'),
  status: deliveryStatus,
  round: z.int().describe('run through the retry schedule; each replay starts the next round'),
  attempts: z.int().describe('attempts made in this round'),
  nextAttemptAt: z.iso
    .datetime()
    .nullable()
    .describe('earliest time of the next attempt; null: no attempt is planned, or none until the endpoint is resumed or verified'),
  lastOutcome: z.string().nullable().describe('outcome of the last attempt in this round; null: there was none yet'),
  lastMessage: z.string().nullable().describe('what happened last in this round, in words'),
  lastStatus: z.int().nullable().describe('HTTP status of the last answer in this round; null: there was none'),
  sequence: z
    .int()
    .nullable()
    .describe('sequence number within the endpoint or the ordering key; null: not assigned yet, or the delivery is not ordered'),
  batch: z.string().nullable().describe('id of the batch it is or was sent in (webhook-id of the request); null: it is sent alone'),
  faults: z.int().describe('internal errors of Posthorn in a row; after the tenth the delivery is quarantined'),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  workflowId: z
    .string()
    .nullable()
    .describe(
      "the endpoint's lane while the delivery is held, and after that if it never had a workflow of its own; otherwise its own workflow, or the dispatch of its event; null: none yet",
    ),
  temporalUrl: z.string().nullable().describe('link to this workflow in the Temporal Web UI'),
});
export type DeliveryView = z.infer<typeof deliveryView>;

const milliseconds = z.number().nullable().describe('milliseconds; null: this step did not happen or was not reached');

export const attemptView = z.object({
  id: z.string(),
  delivery: z.string(),
  round: z.int(),
  number: z.int().describe('number of the attempt within its round, from 1'),
  probe: z
    .boolean()
    .describe(
      'true: sent early to test whether a failing endpoint accepts again. A refused probe does not use up an attempt: the next attempt has the same number',
    ),
  reconnected: z
    .boolean()
    .describe('true: the request was sent twice, because a reused connection closed before the first byte of the response'),
  startedAt: z.iso.datetime(),
  request: sentRequestView
    .nullable()
    .describe(
      'the request as it was sent, or, if no connection was made, as it was to be sent; null: its event was erased, or it was not stored',
    ),
  outcome,
  message: z.string(),
  status: z.int().nullable().describe('HTTP status of the response'),
  headers: z.array(z.tuple([z.string(), z.string()])).describe('response headers in the order received'),
  body: z
    .string()
    .nullable()
    .describe('start of the response body, at most 64 KiB, decompressed if possible; bytes that are not valid UTF-8 are replaced'),
  bodyTruncated: z.boolean().describe('true: the body was longer than what is stored, or it ended early'),
  address: z.string().nullable().describe('IP address the request was sent to'),
  timings: z.object({ dnsMs: milliseconds, connectMs: milliseconds, tlsMs: milliseconds, firstByteMs: milliseconds, totalMs: z.number() }),
});
export type AttemptView = z.infer<typeof attemptView>;

/** Why an event was or was not delivered to an endpoint, in short. An explanation says more. */
const verdicts = [
  'wanted',
  'event_type_not_subscribed',
  'channel_not_subscribed',
  'filter_not_matched',
  'created_later',
  'deleted',
  'meant_for_another',
] as const;
type Verdict = (typeof verdicts)[number];
export const endpointVerdict = z.object({
  endpoint: z.string(),
  verdict: z.enum(verdicts).describe('why the endpoint did or did not get the event, by what it subscribed to when the event was accepted'),
  delivery: z.string().nullable().describe('id of the delivery, if there is one'),
});
export type EndpointVerdict = z.infer<typeof endpointVerdict>;

/** `mismatch`: as `mismatchOf` decides it. */
export function verdictOf(mismatch: Mismatch | null): Verdict {
  if (mismatch === 'type_not_subscribed') return 'event_type_not_subscribed';
  if (mismatch === 'endpoint_deleted') return 'deleted';
  return mismatch ?? 'wanted';
}
