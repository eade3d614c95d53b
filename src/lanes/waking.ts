// When an order to a delivery has changed something that its lane must know of.
import type { OrderResult } from '../db/orders.ts';
import type { LaneWaker } from '../temporal/lane-waker.ts';

export type Lanes = Pick<LaneWaker, 'parked' | 'changed'>;

/** To be called when the order's commit is acknowledged; harmless to repeat. A lane that waits for this very delivery is shut: it looks again only when told. */
export async function wakeAfterOrder(lanes: Lanes, { obeyed, status, endpointId, unblocks }: OrderResult): Promise<void> {
  if (!obeyed) return;
  if (unblocks) await lanes.changed(endpointId);
  if (status === 'held') await lanes.parked([endpointId]);
}
