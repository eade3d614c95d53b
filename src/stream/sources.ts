// The sources of the live stream.
import { readChangedDeliveries } from '#db/deliveries/changed-deliveries';
import type { Db } from '#db/store/pool';
import type { ChangeSource } from './change.ts';
import { eventText } from './event-text.ts';

export function deliveryChanges(db: Db): ChangeSource {
  return {
    kind: 'delivery',
    async read(query) {
      const changes = await readChangedDeliveries(db, query);
      return changes.map(({ atUs, tenantId, delivery }) => ({
        kind: 'delivery',
        id: delivery.id,
        atUs,
        tenantId,
        endpointId: delivery.endpoint,
        text: eventText('delivery', JSON.stringify(delivery)),
      }));
    },
  };
}
