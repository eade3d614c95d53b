// The dice and the clock behind new ids; `domain/ids.ts` only lays out the digits.
import { randomFillSync } from 'node:crypto';
import { type IdPrefix, makeId } from '#domain/ids';

const pool = new Uint8Array(10 * 1024);
let used = pool.length;

/** A new id such as `ep_0199c8…`, made now. */
export function newId(prefix: IdPrefix): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 10;
  return makeId(prefix, Date.now(), pool.subarray(used - 10, used));
}
