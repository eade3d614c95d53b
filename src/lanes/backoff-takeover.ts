// Parks the deliveries of an endpoint that are in backoff. Called when a drain begins; from then on
// the lane sends them. Safe to repeat: a delivery that is held already is not parked again.
import type { DeliveryRef } from '#db/deliveries/delivery-refs';
import { parkSleeping } from '#db/lanes/parking';
import type { Db } from '#db/store/pool';

const page = 500;
const maxSignals = 100;

/** `tell` signals the workflows of the first 100 deliveries. The other workflows read the change when they wake. */
export async function takeOverBackoff(
  db: Db,
  endpointId: string,
  tell: (deliveries: DeliveryRef[]) => void,
  stopping: AbortSignal,
): Promise<void> {
  for (let signalled = 0; !stopping.aborted; ) {
    const parked = await parkSleeping(db, endpointId, page);
    const toSignal = parked.slice(0, Math.max(0, maxSignals - signalled));
    signalled += toSignal.length;
    tell(toSignal);
    if (parked.length < page) return;
  }
}
