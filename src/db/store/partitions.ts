// Creates the daily partitions of events, deliveries and attempts.
import { usualTimings } from '#domain/timings';
import { isDuplicateTable, isLockTimeout } from './errors.ts';
import type { Db } from './pool.ts';

const tries = 5;

/**
 * Creates the missing partitions from yesterday to `daysAhead`, each in its own transaction. Returns how many. Safe to
 * run in many processes at once.
 */
export async function makePartitions(db: Db, daysAhead = usualTimings.partitionDaysAhead): Promise<number> {
  const missing = await missingPartitions(db, daysAhead);
  for (const { parent, day } of missing) await makePartition(db, parent, day);
  return missing.length;
}

/** The partitions that are missing, by day, from yesterday to `daysAhead`. */
export async function missingPartitions(db: Db, daysAhead: number): Promise<{ parent: string; day: string }[]> {
  const { rows } = await db.query<{ parent: string; day: string }>({
    name: 'missing_partitions',
    text: 'select parent, day::text from missing_partitions($1)',
    values: [daysAhead],
  });
  return rows;
}

async function makePartition(db: Db, parent: string, day: string): Promise<void> {
  for (let left = tries; ; left--) {
    try {
      await db.query({ name: 'make_partition', text: 'select make_partition($1, $2::date)', values: [parent, day] });
      return;
    } catch (error) {
      // the function waits for its lock, and then may not see yet what the process before it made; the next call does
      if (left === 0 || !(isLockTimeout(error) || isDuplicateTable(error))) throw error;
    }
  }
}
