// Reads the deliveries that an event has already, for events that another process may have begun.
// Thousands of events are read from the outbox at once, so their lookups share statements:
// single lookups would take every connection.

import { existingDeliveries } from '#db/events/outbox';
import { createGroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';
import type { DeliveryStatus } from '#domain/deliveries/delivery';

const together = 256;

/** Returns a lookup: event id to the status of each of its deliveries, by endpoint id. */
export function createExistingDeliveries(db: Db): (eventId: string) => Promise<ReadonlyMap<string, DeliveryStatus>> {
  const asked = createGroupCommit<string, ReadonlyMap<string, DeliveryStatus>>({
    write: (eventIds) => existingDeliveries(db, eventIds),
    maxWeight: together,
  });
  return (eventId) => asked.add(eventId);
}
