// Rows of deliveries that have a shape, written before the first attempt of a relay, many in one statement. What if the process
// dies after that? Another relay finds the row, and its workflow makes the attempt when the lease has ended.
import { endFirstAttemptLease } from '#db/deliveries/first-attempt-lease';
import { type Bound, type BoundRow, bindFirstAttempts } from '#db/deliveries/first-attempt-rows';
import { createGroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';

const maxRows = 256;

export interface BoundRows {
  /**
   * Writes the row of a pending delivery. `leaseForMs`: no other process attempts it for so long; null: it is due. Null: it
   * has a row already, which stays unchanged. Rejects when PostgreSQL is away.
   */
  begin(row: BoundRow): Promise<Bound | null>;
  /** The first attempt was not made: ends the lease of its row, if it has one. */
  giveUp(deliveryId: string, bound: Bound): Promise<void>;
}

/** `leaseMarginMs`: how much longer than the timeout of its endpoint a first attempt may take until it is recorded. */
export function createBoundRows(db: Db, leaseMarginMs: number): BoundRows {
  const rows = createGroupCommit<BoundRow, Bound | null>({
    write: (together) => bindFirstAttempts(db, together),
    maxWeight: maxRows,
    concurrency: 2,
  });
  return {
    begin: ({ leaseForMs, ...row }) => rows.add({ ...row, leaseForMs: leaseForMs === null ? null : leaseForMs + leaseMarginMs }),
    async giveUp(deliveryId, { leasedUntil: until }) {
      if (until) await endFirstAttemptLease(db, { deliveryId, until });
    },
  };
}
