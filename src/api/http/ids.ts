// The ids of what a request creates: new ones, or all of one seed, so that the request makes the same ids when it runs again.
import { createHash } from 'node:crypto';
import { type IdPrefix, makeId, unixMsOf, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';

export interface Ids {
  next(prefix: IdPrefix): string;
}

export const freshIds: Ids = { next: newId };

/** The first id is the seed itself; those behind it are made of the seed's time and a hash of seed and number. */
export function idsOfSeed(seed: string): Ids {
  let made = 0;
  return {
    next(prefix) {
      const number = made++;
      if (number === 0) return `${prefix}_${uuidOf(seed)}`;
      const digest = createHash('sha256')
        .update(`${uuidOf(seed)}/${number}`)
        .digest();
      return makeId(prefix, unixMsOf(seed), digest.subarray(0, 10));
    },
  };
}
