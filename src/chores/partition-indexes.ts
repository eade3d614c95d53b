// Builds indexes on partitions that are older than the migration of the index (docs/upgrades.md), one by one, newest first.

import { withPartitionLock } from '#db/store/old-partitions';
import { buildIndex, missingIndexes } from '#db/store/partition-indexes';
import type { Db } from '#db/store/pool';
import type { Logger } from '#runtime/logger';

/** Resolves to how many were built. Rejects if one takes too long, as during a backup: the next run goes on. */
export async function indexPartitions({ db, log }: { db: Db; log: Logger }, signal: AbortSignal): Promise<number> {
  if ((await missingIndexes(db)).length === 0) return 0;
  const built = await withPartitionLock(db, async (session) => {
    let done = 0;
    for (const missing of await missingIndexes(session)) {
      if (signal.aborted) break;
      const beganAt = performance.now();
      await buildIndex(session, missing);
      log.info({ index: missing.parent, partition: missing.partition, ms: Math.round(performance.now() - beganAt) }, 'partition.indexed');
      done += 1;
    }
    return done;
  });
  return built ?? 0;
}
