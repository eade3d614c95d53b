// Parks deliveries and signals their lanes, for the whole process, many in one statement each.
// An outbox or dispatch row may be given up only after the lanes were signalled.
// A process that repeats an event after a crash signals the lanes again.

import type { NewDelivery } from '#db/deliveries/new-delivery';
import { parkNew } from '#db/lanes/parking';
import { createGroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';
import type { LaneWaker } from '#temporal/lane-waker';

const atOnce = 256;
/** Only calls that find an idle lane wait for Temporal. */
const tellingAtOnce = 4;

export interface Parking {
  /** Resolves when the deliveries are stored as held and their lanes are signalled. Rejects when PostgreSQL is away. */
  park(deliveries: NewDelivery[]): Promise<void>;
  /**
   * Resolves when the deliveries are stored as held, up to 256 in one statement, in their order. It does not signal the
   * lanes.
   */
  hold(deliveries: NewDelivery[]): Promise<void>;
  /** Signals the lanes of these endpoints to read their rows, in a statement that begins after this call. */
  tell(endpointIds: string[]): Promise<void>;
}

/**
 * What if a lane goes idle just as a delivery is parked? The parker commits the rows before it reads the lane's state.
 * The lane commits that it is idle before it looks for rows. So one of the two always sees the other (docs/lanes.md).
 */
export function createParking(db: Db, waker: Pick<LaneWaker, 'parked'>): Parking {
  const holds = createGroupCommit<NewDelivery[], void>({
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
    concurrency: tellingAtOnce,
  });

  async function hold(deliveries: NewDelivery[]): Promise<void> {
    // in slices, so that an event for thousands of endpoints does not block the others
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
