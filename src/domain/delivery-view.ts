// A delivery and its attempts as the API and the dashboard show them.
import { z } from 'zod';
import { deliveryStatus } from './delivery.ts';
import { outcome } from './outcome.ts';

export const deliveryView = z.object({
  id: z.string(),
  event: z.string().describe('id of the event'),
  eventType: z.string(),
  tenant: z.string(),
  endpoint: z.string(),
  status: deliveryStatus,
  round: z.int().describe('the run through the schedule; each replay begins the next'),
  attempts: z.int().describe('attempts made in this round'),
  nextAttemptAt: z.iso
    .datetime()
    .nullable()
    .describe('no attempt before; null: none is ahead, or not until its endpoint is resumed or has agreed'),
  lastOutcome: z.string().nullable(),
  lastMessage: z.string().nullable(),
  sequence: z
    .int()
    .nullable()
    .describe('its number in the order of its endpoint, or of its ordering key; null: none yet, or there is no order'),
  batch: z.string().nullable().describe('the batch in which it is or was sent, webhook-id of its requests; null: none, it goes alone'),
  faults: z.int().describe("faults of Posthorn's own in a row; the tenth puts it into quarantine"),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  workflowId: z
    .string()
    .nullable()
    .describe(
      "while it is held its endpoint's lane, else its own workflow where it has or had one, else the dispatch that covers its event; null until there is one",
    ),
  temporalUrl: z.string().nullable().describe('that workflow in the Temporal Web UI'),
});
export type DeliveryView = z.infer<typeof deliveryView>;

const milliseconds = z.number().nullable().describe('milliseconds; null: did not happen, or was not reached');

export const attemptView = z.object({
  id: z.string(),
  delivery: z.string(),
  round: z.int(),
  number: z.int().describe('the number of the attempt in its round, from 1'),
  probe: z
    .boolean()
    .describe(
      'made before its time, to learn whether its failing endpoint accepts again; refused, it spends nothing: the next attempt has the same number',
    ),
  reconnected: z
    .boolean()
    .describe('sent twice: a kept connection closed before a byte of an answer, and the request was repeated at once on a new connection'),
  startedAt: z.iso.datetime(),
  outcome,
  message: z.string(),
  status: z.int().nullable().describe('the HTTP status of the answer'),
  headers: z.array(z.tuple([z.string(), z.string()])).describe("the answer's headers, in their order"),
  body: z
    .string()
    .nullable()
    .describe(
      'the start of what the endpoint answered, decompressed where it was compressed and fits, at most 64 KiB; bytes that are not UTF-8 are replaced',
    ),
  bodyTruncated: z.boolean().describe('there was more than is kept, or the body did not end as it should'),
  address: z.string().nullable().describe('the address the request went to'),
  timings: z.object({ dnsMs: milliseconds, connectMs: milliseconds, tlsMs: milliseconds, firstByteMs: milliseconds, totalMs: z.number() }),
});
export type AttemptView = z.infer<typeof attemptView>;

/** What came of an event for one endpoint. The subscription is judged as it is now. */
export const verdicts = [
  'wanted',
  'event_type_not_subscribed',
  'channel_not_subscribed',
  'created_later',
  'deleted',
  'meant_for_another',
] as const;
export const endpointVerdict = z.object({
  endpoint: z.string(),
  verdict: z.enum(verdicts).describe('why the endpoint did or did not get it, by its subscription as it is now'),
  delivery: z.string().nullable().describe('its delivery, where there is one'),
});
export type EndpointVerdict = z.infer<typeof endpointVerdict>;
