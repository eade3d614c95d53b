// Parking, for all of this process: deliveries that their endpoints' lanes send are held, and the lanes told, many in one statement each.
//
// What if a lane comes to rest just as something is parked? Its state is read after the commit that holds the rows, and whoever rests looks for rows after its
// own commit: one of both sees the other (docs/lanes.md). So what guards an event may be given up when its lanes were told, not before; whoever does an event
// again tells them again.

import { type NewHeld, parkNew } from '#db/lanes/parking';
import { createGroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';
import type { LaneWaker } from '#temporal/lane-waker';

const atOnce = 256;
/** Only those that find a lane at rest ask Temporal, and may wait for it. */
const tellingAtOnce = 4;

export interface Parking {
  /** Resolves when they are held and their lanes told. Rejects when the store is away. */
  park(deliveries: NewHeld[]): Promise<void>;
  /** Resolves when they are held, up to 256 by one statement and in their order; their lanes are yet to be told. */
  hold(deliveries: NewHeld[]): Promise<void>;
  /** Has the lanes of these endpoints look, in a statement begun later than this call. */
  tell(endpointIds: string[]): Promise<void>;
}

export function createParking(db: Db, waker: Pick<LaneWaker, 'parked'>): Parking {
  const holds = createGroupCommit<NewHeld[], void>({
    async write(groups) {
      await parkNew(db, groups.flat());
      return groups.map(() => undefined);
    },
    weigh: (deliveries) => deliveries.length,
    maxWeight: atOnce,
  });
  const tells = createGroupCommit<string[], void>({
    async write(groups) {
      await waker.parked([...new Set(groups.flat())]);
      return groups.map(() => undefined);
    },
    weigh: (endpointIds) => endpointIds.length,
    maxWeight: atOnce,
    lanes: tellingAtOnce,
  });

  async function hold(deliveries: NewHeld[]): Promise<void> {
    // so that others have their turns between those of an event for thousands
    for (let from = 0; from < deliveries.length; from += atOnce) await holds.add(deliveries.slice(from, from + atOnce));
  }

  async function tell(endpointIds: string[]): Promise<void> {
    if (endpointIds.length > 0) await tells.add(endpointIds);
  }

  return {
    async park(deliveries) {
      await hold(deliveries);
      await tell(deliveries.map(({ endpointId }) => endpointId));
    },
    hold,
    tell,
  };
}
