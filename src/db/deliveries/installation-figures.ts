// What /metrics shows of the whole installation, besides lanes: workers, the oldest of what waits, dead letters, quarantine.
// Reads a bounded number of rows, however many there are.
import { unixMsOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';
import { workersSql } from '../store/worker-lease.ts';

const mostCounted = 10_000;

export interface InstallationFigures {
  /** Workers that hold their lease. */
  workers: number;
  /** 0: the outbox is empty. */
  oldestInOutboxSeconds: number;
  /** 0: no attempt is overdue. */
  mostOverdueSeconds: number;
  /** Counted up to 10,000. */
  deadLetters: number;
  quarantined: number;
}

interface Row {
  workers: number;
  oldest: string | null;
  now_ms: number;
  overdue: number | null;
  dead_letters: number;
  quarantined: number;
}

export async function readInstallationFigures(db: Db): Promise<InstallationFigures> {
  const { rows } = await db.query<Row>({
    // not prepared: a plan made while the outbox was empty would read all of it when it is full
    text: `
      select
        ${workersSql} as workers,
        (select event_id from outbox order by event_id limit 1) as oldest,
        extract(epoch from now())::float8 * 1000 as now_ms,
        (select extract(epoch from now() - least(
            (select next_attempt_at from deliveries where status in ('pending', 'retrying') and not pumped order by next_attempt_at limit 1),
            (select min(next_attempt_at) from (
              select next_attempt_at from deliveries where status in ('pending', 'retrying') and pumped limit ${mostCounted}) p)
          ))::float8) as overdue,
        (select count(*)::int from (
          select from deliveries where status = 'dead_lettered' and status <> 'succeeded' limit ${mostCounted}) d) as dead_letters,
        (select count(*)::int from (
          select from deliveries where status = 'quarantined' and status <> 'succeeded' limit ${mostCounted}) q) as quarantined`,
  });
  const { workers = 0, oldest = null, now_ms: nowMs = 0, overdue = null, dead_letters: deadLetters = 0, quarantined = 0 } = rows[0] ?? {};
  return {
    workers,
    oldestInOutboxSeconds: oldest === null ? 0 : Math.max(0, nowMs - unixMsOf(oldest.replaceAll('-', ''))) / 1_000,
    mostOverdueSeconds: Math.max(0, overdue ?? 0),
    deadLetters,
    quarantined,
  };
}
