// The lease of a first attempt in flight: until it ends, the delivery is not due for another process.
import { uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

/**
 * Leases it for the timeout of its endpoint and `marginMs`. False: the attempt is recorded already, or the delivery is
 * gone. The record of the attempt ends the lease.
 */
export async function leaseFirstAttempt(db: Db, deliveryId: string, marginMs: number): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'lease_first_attempt',
    text: `
      update deliveries d set next_attempt_at = now() + (p.timeout_ms + $2::float8) * interval '1 millisecond'
      from endpoints p
      where d.id = $1 and d.status = 'pending' and d.attempts = 0 and d.next_attempt_at <= now() and p.id = d.endpoint_id`,
    values: [uuidOf(deliveryId), marginMs],
  });
  return rowCount === 1;
}
