// The events of the live stream.
import { z } from 'zod';
import { deliveryView } from './delivery-view.ts';

export const streamKinds = ['delivery', 'alert', 'endpoint'] as const;
export const streamKind = z.enum(streamKinds);
export type StreamKind = z.infer<typeof streamKind>;

/** A delivery, as `GET /v1/deliveries/{delivery}` shows it, without what needs a look elsewhere. */
export const changedDelivery = deliveryView.pick({
  id: true,
  event: true,
  eventType: true,
  tenant: true,
  endpoint: true,
  host: true,
  status: true,
  round: true,
  attempts: true,
  nextAttemptAt: true,
  lastOutcome: true,
  lastMessage: true,
  lastStatus: true,
  createdAt: true,
  updatedAt: true,
});
export type ChangedDelivery = z.infer<typeof changedDelivery>;

/** An endpoint that somebody, or Posthorn, has made, changed or deleted: enough to know what to read again. */
export const changedEndpoint = z.object({
  id: z.string(),
  tenant: z.string(),
  status: z
    .enum(['ok', 'paused', 'unverified', 'disabled', 'deleted'])
    .describe(
      'ok: it may be sent to; paused: by a person; unverified: it has not agreed to receive events yet; disabled: it failed for too long, or answered 410 Gone',
    ),
  changedAt: z.iso.datetime().describe('when it was changed last'),
});
export type ChangedEndpoint = z.infer<typeof changedEndpoint>;

/** Why changes may be missing: the reader must load what it shows again. The stream goes on. */
export const resetReasons = {
  too_old: 'the Last-Event-ID is more than 10 minutes old',
  too_many: 'more changed than the stream carries',
} as const;
export type ResetReason = keyof typeof resetReasons;

/** Why a stream ends. A reader may connect again with the last id it got. */
export const endReasons = {
  too_slow: 'the reader did not keep up',
  not_valid: 'the key or link is no longer valid',
  stopping: 'the server stops',
} as const;
export type EndReason = keyof typeof endReasons;
