// The daily partitions of events, deliveries and attempts.
import type { Db } from './pool.ts';

const daysAhead = 14;

/** Makes the partitions from yesterday to 14 days ahead that are missing; returns how many. Harmless to repeat, safe in many processes. */
export async function makePartitions(db: Db): Promise<number> {
  const { rows } = await db.query<{ made: number }>({
    name: 'make_partitions',
    text: 'select make_partitions($1) as made',
    values: [daysAhead],
  });
  return rows[0]?.made ?? 0;
}
