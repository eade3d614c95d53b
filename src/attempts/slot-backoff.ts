// Decides what a delivery without a free slot does: wait and try again, or move to the endpoint's
// lane. Called by the engine. It uses up no attempt; a wait over 5 s is written to the row.
import { type DeliveryJob, deferDelivery } from '#db/deliveries/deliveries';
import type { Db } from '#db/store/pool';
import { createSlotOverflow } from './slot-overflow.ts';
import type { SlotLimits, Slots } from './slots.ts';

/**
 * The lane takes over when more than so many deliveries wait for each slot. A few retries in a burst do not need one.
 */
const crowdPerSlot = 4;
/** A longer wait is written to the row, so that the sweep does not take the delivery for lost. */
const writtenFromMs = 5_000;

type Job = Pick<DeliveryJob, 'deliveryId' | 'tenantId' | 'endpointId' | 'maxInFlight'>;

export interface SlotBackoff {
  /** So many deliveries wait for a slot of this endpoint that its lane must take over. */
  isCrowd(job: Job): boolean;
  /** The wait in milliseconds. `cap`: the limit that is reached. */
  backOff(job: Job, cap: keyof SlotLimits): Promise<number>;
}

export function createSlotBackoff(db: Db, places: Pick<Slots, 'ofEndpoint'>, limits: SlotLimits): SlotBackoff {
  const overflow = createSlotOverflow();
  return {
    isCrowd: ({ endpointId, maxInFlight }) => overflow.waiting(endpointId) > crowdPerSlot * places.ofEndpoint(maxInFlight),
    async backOff({ deliveryId, tenantId, endpointId, maxInFlight }, cap) {
      const owner = { process: '', tenant: tenantId, endpoint: endpointId }[cap];
      const ms = overflow.waitMs(owner, deliveryId, cap === 'endpoint' ? places.ofEndpoint(maxInFlight) : limits[cap]);
      if (ms > writtenFromMs) await deferDelivery(db, deliveryId, ms);
      return ms;
    },
  };
}
