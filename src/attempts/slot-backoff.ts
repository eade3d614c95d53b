// A delivery that found no free place: it spends nothing and comes back later, or goes to its endpoint's lane where a crowd waits.
import { type DeliveryJob, deferDelivery } from '#db/deliveries/deliveries';
import type { Db } from '#db/store/pool';
import type { SlotLimits, Slots } from './places.ts';
import { createSlotOverflow } from './slot-overflow.ts';

/** A few retries that meet a burst are no reason for a lane; so many waiting for each place are. */
const crowdPerPlace = 4;
/** A longer wait is written to the row, so that nobody takes the delivery for forgotten. */
const writtenFromMs = 5_000;

type Job = Pick<DeliveryJob, 'deliveryId' | 'tenantId' | 'endpointId' | 'maxInFlight'>;

export interface SlotBackoff {
  /** Those that were turned away from this endpoint are its lane's. */
  isCrowd(job: Job): boolean;
  /** For how many milliseconds. `cap`: which one is reached. */
  backOff(job: Job, cap: keyof SlotLimits): Promise<number>;
}

export function createSlotBackoff(db: Db, places: Pick<Slots, 'ofEndpoint'>, limits: SlotLimits): SlotBackoff {
  const turnedAway = createSlotOverflow();
  return {
    isCrowd: ({ endpointId, maxInFlight }) => turnedAway.waiting(endpointId) > crowdPerPlace * places.ofEndpoint(maxInFlight),
    async backOff({ deliveryId, tenantId, endpointId, maxInFlight }, cap) {
      const whose = { process: '', tenant: tenantId, endpoint: endpointId }[cap];
      const ms = turnedAway.waitMs(whose, deliveryId, cap === 'endpoint' ? places.ofEndpoint(maxInFlight) : limits[cap]);
      if (ms > writtenFromMs) await deferDelivery(db, deliveryId, ms);
      return ms;
    },
  };
}
