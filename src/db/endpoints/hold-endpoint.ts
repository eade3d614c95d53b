// Stores an endpoint's Retry-After. Safe to run twice.
import { uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';
import type { AskedEndpoint } from './endpoint-to-send.ts';

/**
 * Applies the endpoint's Retry-After: no request to it for `forMs` milliseconds from now. If many attempts receive it
 * at once, the first writes it. If the endpoint's target has changed since, nothing is written.
 */
export async function holdEndpoint(db: Db, { endpointId, targetVersion }: AskedEndpoint, forMs: number): Promise<void> {
  await db.query({
    name: 'hold_endpoint',
    text: `
      update endpoints set not_before = greatest(not_before, now() + $2::float8 * interval '1 millisecond'), version = nextval('config_version')
      where id = $1 and target_version = $3 and (not_before is null or not_before < now() + $2::float8 * interval '1 millisecond' - interval '500 milliseconds')`,
    values: [uuidOf(endpointId), forMs, targetVersion],
  });
}
