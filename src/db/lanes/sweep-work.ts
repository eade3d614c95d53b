// What the sweep would find, in one small question: while little happens, all its answers are no.
import type { Timings } from '#domain/timings';
import { isOverdueDelivery, isUnsignalled } from '../deliveries/delivery-refs.ts';
import { isUnopened } from '../deliveries/unopened.ts';
import { isOverdueDispatch } from '../events/dispatches.ts';
import type { Db } from '../store/pool.ts';
import { isHeldPastExpiry } from './lane-held.ts';
import { isOverdueLane } from './lanes.ts';

/** Each is true if there is such work. */
export interface SweepWork {
  overdueDispatches: boolean;
  overdueDeliveries: boolean;
  overdueLanes: boolean;
  unsignalled: boolean;
  unopened: boolean;
  /** Deliveries are held, expired or not. */
  held: boolean;
  expired: boolean;
}

export async function findSweepWork(db: Db, { dispatchOverdueAfterMs, deliveryOverdueAfterMs, laneOverdueAfterMs }: Timings['sweep']) {
  const before = (ms: number) => `now() - interval '${ms} milliseconds'`;
  const { rows } = await db.query<SweepWork>({
    // without parameters, so that PostgreSQL plans it once for each connection: over many partitions the plan is most of the cost
    name: `sweep_work_${dispatchOverdueAfterMs}_${deliveryOverdueAfterMs}_${laneOverdueAfterMs}`,
    text: `
      select
        exists (select from dispatches where ${isOverdueDispatch(before(dispatchOverdueAfterMs))}) as "overdueDispatches",
        exists (select from deliveries d where ${isOverdueDelivery(before(deliveryOverdueAfterMs))}) as "overdueDeliveries",
        exists (select from lanes l where ${isOverdueLane(before(laneOverdueAfterMs))}) as "overdueLanes",
        exists (select from deliveries d where ${isUnsignalled}) as unsignalled,
        exists (select from deliveries where ${isUnopened}) as unopened,
        exists (select from deliveries where status = 'held') as held,
        exists (select from deliveries where ${isHeldPastExpiry}) as expired`,
  });
  const [work] = rows;
  if (!work) throw new Error('PostgreSQL gave no answer');
  return work;
}
