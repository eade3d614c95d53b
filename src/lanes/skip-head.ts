// Skips the dead letter that blocks an ordered endpoint or one of its keys, and tells the lane.
// Called by the API and by workflows. Safe to repeat with the same `once`; another call skips the next one.
import type { Audit } from '#db/audit/audit';
import { skipHead } from '#db/lanes/lane-head';
import type { Db } from '#db/store/pool';
import type { Lanes } from '#domain/lanes/lane';

/** `laneKey` null: the first dead letter of all keys. Returns the id of the skipped delivery; null: nothing blocks. */
export type SkipHead = (endpointId: string, laneKey: string | null, audit: Audit) => Promise<string | null>;

export function createSkipHead({ db, lanes }: { db: Db; lanes: Lanes }): SkipHead {
  return async (endpointId, laneKey, audit) => {
    const skipped = await skipHead(db, endpointId, laneKey, audit);
    // also when nothing blocks: an earlier call may have skipped it and died before it told the lane
    await lanes.changed(endpointId);
    return skipped;
  };
}
