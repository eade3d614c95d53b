// An event in a list of all tenants, with what became of it in short.
import { z } from 'zod';
import { deliveryStatus } from '../deliveries/delivery.ts';
import { eventSummary } from '../events/event.ts';

/** So many deliveries of each event are counted. */
export const mostCounted = 100;

export const listedEvent = eventSummary.extend({
  deliveries: z
    .partialRecord(deliveryStatus, z.int())
    .describe(`Numbers of its deliveries by status, counted up to ${mostCounted} in all. Empty: there are none, or none yet.`),
  moreDeliveries: z.boolean().describe('Whether it has more deliveries than were counted.'),
});
export type ListedEvent = z.infer<typeof listedEvent>;
