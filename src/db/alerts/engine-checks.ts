// What the checks read about Posthorn itself: the quarantine, the outbox, and its workers.
import type { EngineFacts } from '#domain/alerts/engine-conditions';
import type { Db } from '../store/pool.ts';
import { workersSql } from '../store/worker-lease.ts';

/** Of `deliveries`. */
export const isQuarantined = `status = 'quarantined'`;

/** One statement that reads the ends of indexes, without parameters: it is planned once for each connection. */
export async function readEngineFacts(db: Db): Promise<EngineFacts> {
  const { rows } = await db.query<{
    quarantined: number;
    message: string | null;
    oldest: Date | null;
    workers: number;
    worker_seen_at: Date | null;
  }>({
    name: 'alerts_engine',
    text: `
      with quarantined as materialized (select last_message from deliveries where ${isQuarantined} limit 10000)
      select (select count(*)::int from quarantined) as quarantined, (select last_message from quarantined limit 1) as message,
        (select accepted_at from outbox order by event_id limit 1) as oldest,
        ${workersSql} as workers,
        (select max(seen) from relays where mode is not null) as worker_seen_at`,
  });
  const [row] = rows;
  return {
    quarantined: row?.quarantined ?? 0,
    quarantineMessage: row?.message ?? null,
    oldestWaiting: row?.oldest ?? null,
    workers: row?.workers ?? 0,
    workerSeenAt: row?.worker_seen_at ?? null,
  };
}
