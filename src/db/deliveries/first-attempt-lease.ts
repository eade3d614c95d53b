// The lease of a first attempt in flight: until it ends, no other process makes it. It ends with the record of the
// attempt, because it counts only for a delivery without attempts.
import { uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

/**
 * Leases it for the timeout of its endpoint and `marginMs`. False: the attempt is recorded already, or the delivery is
 * gone.
 */
export async function leaseFirstAttempt(db: Db, deliveryId: string, marginMs: number): Promise<boolean> {
  const { rowCount } = await db.query({
    // not prepared by name, so that the id selects the partition
    text: `
      update deliveries d set leased_until = now() + (p.timeout_ms + $2::float8) * interval '1 millisecond'
      from endpoints p
      where d.id = $1 and d.status = 'pending' and d.attempts = 0 and d.round = 1 and p.id = d.endpoint_id`,
    values: [uuidOf(deliveryId), marginMs],
  });
  return rowCount === 1;
}

/** Ends the lease of a first attempt that ended without a record, so that it need not be waited for. */
export async function endFirstAttemptLease(db: Db, deliveryId: string): Promise<void> {
  await db.query({
    text: `update deliveries set leased_until = null where id = $1 and status = 'pending' and attempts = 0 and round = 1`,
    values: [uuidOf(deliveryId)],
  });
}
