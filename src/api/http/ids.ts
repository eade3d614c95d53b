// Makes the ids of what a request creates: random ones, or ids derived from one seed.
// A request that runs again with the same seed makes the same ids.
import { createHash } from 'node:crypto';
import { type IdPrefix, makeId, unixMsOf, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';

export interface Ids {
  next(prefix: IdPrefix): string;
}

export const freshIds: Ids = { next: newId };

/** The first id is the seed itself. Later ids are made of the seed's time and a hash of the seed and a counter. */
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
