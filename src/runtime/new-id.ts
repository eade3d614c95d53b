// Makes new ids from the clock and random bytes; `domain/ids.ts` only formats them.
import { randomFillSync } from 'node:crypto';
import { type IdPrefix, makeId } from '#domain/ids';

const pool = new Uint8Array(10 * 1024);
let used = pool.length;

/** A new id with the current time, such as `ep_0199c8…`. */
export function newId(prefix: IdPrefix): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 10;
  return makeId(prefix, Date.now(), pool.subarray(used - 10, used));
}
