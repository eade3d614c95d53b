// A delivery that is called for an attempt, and that only the lane of its endpoint sends: held, and the lane told.
import type { DeliveryJob } from '#db/deliveries/deliveries';
import { parkExisting } from '#db/lanes/parking';
import type { Db } from '#db/store/pool';
import type { DeliveryStatus } from '#domain/delivery';
import type { LaneWatch } from './lane-watch.ts';

export interface ParkDelivery {
  /** Says what the delivery is then. Rejects when the store is away. */
  hand(job: DeliveryJob): Promise<DeliveryStatus>;
  /** More waits for its endpoint than has places: that gets its lane. */
  handOverCap(job: DeliveryJob): Promise<DeliveryStatus>;
  /** It was found so; if held, then perhaps by a call that ended before the lane was told. */
  found(job: Pick<DeliveryJob, 'endpointId' | 'status'>): Promise<DeliveryStatus>;
}

export interface ParkDeliveryDeps {
  db: Db;
  lanes: Pick<LaneWatch, 'overCap'>;
  /** Has the lanes of these endpoints look at what was just held for them. */
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
