// What sleeps in backoff for an endpoint when its lane begins is the lane's from then on.
import type { DeliveryRef } from '#db/deliveries/delivery-refs';
import { parkSleeping } from '#db/lanes/parking';
import type { Db } from '#db/store/pool';

const page = 500;
const toldAtOnce = 100;

/** Some of their workflows are told, the others find out when they wake. */
export async function takeOverBackoff(
  db: Db,
  endpointId: string,
  tell: (deliveries: DeliveryRef[]) => void,
  stopping: AbortSignal,
): Promise<void> {
  for (let told = 0; !stopping.aborted; ) {
    const taken = await parkSleeping(db, endpointId, page);
    const toTell = taken.slice(0, Math.max(0, toldAtOnce - told));
    told += toTell.length;
    tell(toTell);
    if (taken.length < page) return;
  }
}
