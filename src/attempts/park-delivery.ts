// Parks a delivery that only its endpoint's lane may send: the row becomes `held`, then the lane is
// told. Called by the engine instead of an attempt. If the process dies between the two steps, the
// next call finds the row held and tells the lane again.
import type { DeliveryJob } from '#db/deliveries/deliveries';
import { parkExisting } from '#db/lanes/parking';
import type { Db } from '#db/store/pool';
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import type { LaneWatch } from './lane-watch.ts';

export interface ParkDelivery {
  /** Holds the delivery, and returns its status after that. Rejects when PostgreSQL is away. */
  hand(job: DeliveryJob): Promise<DeliveryStatus>;
  /** The same for an endpoint whose slots cannot serve all that waits: its lane is opened first. */
  handOverCap(job: DeliveryJob): Promise<DeliveryStatus>;
  /**
   * The delivery needs no attempt. A held one may come from a call that died before it told the lane: tells it again.
   */
  found(job: Pick<DeliveryJob, 'endpointId' | 'status'>): Promise<DeliveryStatus>;
}

export interface ParkDeliveryDeps {
  db: Db;
  lanes: Pick<LaneWatch, 'overCap'>;
  /** Wakes the lanes of these endpoints, which read the deliveries that were just held. */
  tellLanes(endpointIds: string[]): Promise<void>;
}

export function createParkDelivery({ db, lanes, tellLanes }: ParkDeliveryDeps): ParkDelivery {
  async function found({ endpointId, status }: Pick<DeliveryJob, 'endpointId' | 'status'>): Promise<DeliveryStatus> {
    if (status === 'held') await tellLanes([endpointId]);
    return status;
  }

  async function hand({ deliveryId, endpointId }: DeliveryJob): Promise<DeliveryStatus> {
    return found({ endpointId, status: (await parkExisting(db, deliveryId)) ?? 'expired' });
  }

  return {
    hand,
    async handOverCap(job) {
      await lanes.overCap(job.endpointId);
      return hand(job);
    },
    found,
  };
}
