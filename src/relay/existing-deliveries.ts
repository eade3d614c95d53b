// What an event that may have been begun has already. Thousands are read from the outbox at once: one question each would keep all connections from everybody
// else, so they are asked together.

import { existingDeliveries } from '#db/events/outbox';
import { createGroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';
import type { DeliveryStatus } from '#domain/delivery';

const together = 256;

/** The deliveries of an event, by their endpoints. */
export function createExistingDeliveries(db: Db): (eventId: string) => Promise<ReadonlyMap<string, DeliveryStatus>> {
  const asked = createGroupCommit<string, ReadonlyMap<string, DeliveryStatus>>({
    write: (eventIds) => existingDeliveries(db, eventIds),
    maxWeight: together,
  });
  return asked.add;
}
