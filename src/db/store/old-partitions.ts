// Drops daily partitions. Each step can be interrupted and repeated: the catalog says how far a partition has come.
// Nothing waits for it: `detach … concurrently` takes no lock that reads or writes of other days need.
import type pg from 'pg';
import type { Db } from './pool.ts';

/** Distinct from the lock of migrations. */
const lock = 7_061_102;
/** Longer than any statement of Posthorn: a detachment waits for those that began before it. */
const detachWithinMs = 60_000;
const lockWithinMs = 40_000;

const partitionedTables = ['events', 'deliveries', 'attempts'] as const;
export type Partitioned = (typeof partitionedTables)[number];

export interface OldPartition {
  parent: Partitioned;
  /** Of UTC: `2026-08-31`. */
  day: string;
  state: 'attached' | 'detaching' | 'detached';
}

/** The partitions of days that ended more than `keepDays` days before today, the oldest first. */
export async function oldPartitions(db: Pick<Db, 'query'>, keepDays: number): Promise<OldPartition[]> {
  const { rows } = await db.query<OldPartition>({
    name: 'old_partitions',
    text: `select parent, day::text, state from partitions_before((now() at time zone 'utc')::date - $1::int)`,
    values: [keepDays],
  });
  return rows;
}

export const partitionName = ({ parent, day }: Pick<OldPartition, 'parent' | 'day'>) => `${parent}_${day.replaceAll('-', '')}`;

/**
 * Runs `work` on a connection of its own, which has a lock that one process at a time can hold. Null: another one holds it.
 * The lock ends with the connection.
 */
export async function withPartitionLock<T>(db: Db, work: (session: pg.PoolClient) => Promise<T>): Promise<T | null> {
  const session = await db.connect();
  let failure: unknown;
  try {
    const { rows } = await session.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [lock]);
    if (!rows[0]?.taken) return null;
    await session.query(`set statement_timeout = ${detachWithinMs}; set lock_timeout = ${lockWithinMs}`);
    return await work(session);
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    await session.query('reset statement_timeout; reset lock_timeout').catch((error) => {
      failure = error;
    });
    await session.query('select pg_advisory_unlock($1)', [lock]).catch((error) => {
      failure = error;
    });
    session.release(failure !== undefined);
  }
}

/**
 * Detaches a partition, which is a plain table then. It waits for the statements that began before it, and holds no lock
 * while it waits. Interrupted in between, it leaves the partition `detaching`: invisible to new statements, until the
 * next call finishes it.
 */
export async function detachPartition(session: pg.PoolClient, partition: OldPartition): Promise<void> {
  if (partition.state === 'detached') return;
  const how = partition.state === 'detaching' ? 'finalize' : 'concurrently';
  await session.query(patiently(`alter table ${partition.parent} detach partition ${partitionName(partition)} ${how}`));
}

/** Drops a table that `detachPartition` has left. */
export async function dropDetached(session: pg.PoolClient, partition: Pick<OldPartition, 'parent' | 'day'>): Promise<void> {
  await session.query(patiently(`drop table if exists ${partitionName(partition)}`));
}

// the pool's own limit is shorter
const patiently = (text: string) => ({ text, query_timeout: detachWithinMs + 5_000 });
