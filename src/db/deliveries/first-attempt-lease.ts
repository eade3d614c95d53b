// The lease of a first attempt in flight: until it ends, no other process makes it. It ends with the record of the
// attempt, because it counts only for a delivery without attempts.
import { uuidOf } from '#domain/ids';
import { isStoreAway } from '../store/errors.ts';
import type { Db } from '../store/pool.ts';

export interface FirstAttemptLease {
  deliveryId: string;
  /** As stored, so to the millisecond: it tells this lease from a later one. */
  until: Date;
}

const againMs = 500;

/**
 * Leases it for the timeout of its endpoint and `marginMs`. Null: the attempt is recorded already, or the delivery is
 * gone.
 */
export async function leaseFirstAttempt(db: Db, deliveryId: string, marginMs: number): Promise<FirstAttemptLease | null> {
  const { rows } = await db.query<{ until: Date }>({
    // not prepared by name, so that the id selects the partition
    text: `
      update deliveries d set leased_until = date_trunc('milliseconds', now() + (p.timeout_ms + $2::float8) * interval '1 millisecond')
      from endpoints p
      where d.id = $1 and d.status = 'pending' and d.attempts = 0 and d.round = 1 and p.id = d.endpoint_id
      returning d.leased_until as until`,
    values: [uuidOf(deliveryId), marginMs],
  });
  return rows[0] ? { deliveryId, until: rows[0].until } : null;
}

/**
 * Ends the lease of a first attempt that ended without a record, so that it need not be waited for. Never rejects. Resolves
 * after the first try: while PostgreSQL is away, which is often why there is no record, it tries again until the lease has ended.
 */
export async function endFirstAttemptLease(db: Db, lease: FirstAttemptLease): Promise<void> {
  try {
    await db.query({
      text: `
        update deliveries set leased_until = null
        where id = $1 and leased_until = $2 and status = 'pending' and attempts = 0 and round = 1`,
      values: [uuidOf(lease.deliveryId), lease.until],
    });
  } catch (error) {
    if (isStoreAway(error) && Date.now() < lease.until.getTime()) setTimeout(endFirstAttemptLease, againMs, db, lease).unref();
  }
}
