// readDelivery: reads the state of a delivery for its workflow, after a `look` signal. Changes
// nothing, so it may run any number of times.
import { type DeliveryState, readDeliveryState } from '#db/deliveries/deliveries';
import type { Db } from '#db/store/pool';

export function createReadDelivery(db: Db) {
  return async function readDelivery({ deliveryId }: { deliveryId: string }): Promise<DeliveryState> {
    return readDeliveryState(db, deliveryId);
  };
}
