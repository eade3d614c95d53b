// What an endpoint missed: deliveries that it should have accepted and has not, for consumers that fetch them. A cursor is
// a place in the list of one endpoint, in an opaque text.
import { z } from 'zod';
import { deliveryStatus } from '../deliveries/delivery.ts';
import { uuidOf } from '../ids.ts';

/**
 * Statuses in which a delivery is listed. Not `pending`: its attempt is about to be made. Not `cancelled`: somebody decided
 * that it is not to be sent.
 */
export const missedStatuses = ['retrying', 'held', 'dead_lettered', 'quarantined', 'expired'] as const;
export type MissedStatus = (typeof missedStatuses)[number];

export const missedDelivery = z.object({
  delivery: z.string().describe('id of the delivery'),
  event: z.string().describe('id of the event: the `webhook-id` of its requests'),
  eventType: z.string(),
  status: deliveryStatus.describe('one of retrying, held, dead_lettered, quarantined and expired'),
  acceptedAt: z.iso.datetime().describe('when the event was accepted'),
  erasedAt: z.iso.datetime().nullable().describe('when the content of the event was erased'),
  body: z
    .unknown()
    .optional()
    .describe(
      'with `include=body`: the standard body, `{ type, timestamp, data }`, with the data byte for byte as it was posted; null: it was erased, or the event has expired',
    ),
});
export type MissedDeliveryView = z.infer<typeof missedDelivery>;

const version = '1';

/** The place behind this number in the endpoint's list. */
export function missedCursor(endpointId: string, number: number): string {
  return Buffer.from(`${version}.${uuidOf(endpointId)}.${number}`).toString('base64url');
}

/** The number of a cursor; null: it is not a cursor, or one of another endpoint. */
export function numberOfCursor(endpointId: string, cursor: string): number | null {
  const [, of, number] = /^1\.([0-9a-f]{32})\.(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  return of === uuidOf(endpointId) && number !== undefined && missedCursor(endpointId, Number(number)) === cursor ? Number(number) : null;
}
