// What blocks an ordered endpoint, or one of its keys, is skipped. Its lane looks then, and goes on behind it.
import type { Audit } from '#db/audit/audit';
import { skipHead } from '#db/lanes/lane-head';
import type { Db } from '#db/store/pool';
import type { Lanes } from '#domain/lane';

/** `laneKey` null: the lowest of all. Returns the delivery that blocked; null: nothing did. Not harmless to repeat: the second time it skips the next one. */
export type SkipHead = (endpointId: string, laneKey: string | null, audit: Audit) => Promise<string | null>;

export function createSkipHead({ db, lanes }: { db: Db; lanes: Lanes }): SkipHead {
  return async (endpointId, laneKey, audit) => {
    const skipped = await skipHead(db, endpointId, laneKey, audit);
    // told also when nothing blocks: the one before may have been skipped by a call that did not get so far
    await lanes.changed(endpointId);
    return skipped;
  };
}
