// When an order to a delivery has changed something that its lane must know of.
import type { OrderResult } from '../db/orders.ts';

/** Temporal, as far as lanes are told of changes: temporal/lane-waker.ts. */
export interface Lanes {
  parked(endpointIds: string[]): Promise<void>;
  changed(endpointId: string): Promise<void>;
}

/** To be called when the order's commit is acknowledged; harmless to repeat. A lane that waits for this very delivery is shut: it looks again only when told. */
export async function wakeAfterOrder(lanes: Lanes, { obeyed, status, endpointId, unblocks }: OrderResult): Promise<void> {
  if (!obeyed) return;
  if (unblocks) await lanes.changed(endpointId);
  if (status === 'held') await lanes.parked([endpointId]);
}
