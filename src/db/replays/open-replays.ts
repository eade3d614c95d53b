// Which replay jobs need their workflow to be started or signalled, and the rows that ended jobs leave.
import { idOf, uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

/** What Temporal shows of a job. */
export interface ReplayRef {
  replayId: string;
  tenant: string | null;
  endpointId: string | null;
  /** It has work to do, so its workflow must be open. */
  isOpen: boolean;
  /** The mark of a change, as PostgreSQL writes it; null: its workflow was signalled. */
  unsignalledSince: string | null;
}

const columns = `
  r.id, t.external_id as tenant, r.endpoint_id, r.status in ('counting', 'running', 'paused') as is_open, r.unsignalled_since::text
  from replays r left join tenants t on t.id = r.tenant_id`;

interface RefRow {
  id: string;
  tenant: string | null;
  endpoint_id: string | null;
  is_open: boolean;
  unsignalled_since: string | null;
}

function toRef(row: RefRow): ReplayRef {
  return {
    replayId: idOf('rpl', row.id),
    tenant: row.tenant,
    endpointId: row.endpoint_id && idOf('ep', row.endpoint_id),
    isOpen: row.is_open,
    unsignalledSince: row.unsignalled_since,
  };
}

export async function readReplayRef(db: Db, replayId: string): Promise<ReplayRef | null> {
  const { rows } = await db.query<RefRow>({
    name: 'read_replay_ref',
    text: `select ${columns} where r.id = $1`,
    values: [uuidOf(replayId)],
  });
  return rows[0] ? toRef(rows[0]) : null;
}

/** Of `replays r`. The times, in milliseconds, as SQL. */
export const isLeft = (unsignalledMs: string, idleMs: string) => `
  (r.unsignalled_since < now() - ${unsignalledMs}::float8 * interval '1 millisecond'
    or r.status in ('counting', 'running') and r.driven_at < now() - ${idleMs}::float8 * interval '1 millisecond')`;

/**
 * Jobs whose workflow was not signalled of a change for `unsignalledMs`, and jobs that no worker was at for `idleMs`: Temporal
 * was away, or has lost or terminated the workflow.
 */
export async function leftReplays(db: Db, times: { unsignalledMs: number; idleMs: number }): Promise<ReplayRef[]> {
  const { rows } = await db.query<RefRow>({
    name: 'left_replays',
    text: `
      select ${columns} where ${isLeft('$1', '$2')} limit 100`,
    values: [times.unsignalledMs, times.idleMs],
  });
  return rows.map(toRef);
}

/** A newer mark stays: the workflow may have read the row before that change. */
export async function markReplaySignalled(db: Db, replayId: string, unsignalledSince: string): Promise<void> {
  await db.query({
    name: 'mark_replay_signalled',
    text: 'update replays set unsignalled_since = null where id = $1 and unsignalled_since = $2::timestamptz',
    values: [uuidOf(replayId), unsignalledSince],
  });
}

const keptDays = 90;
const batch = 5_000;

/** Deletes results that nobody counts any more, and jobs that ended 90 days ago. Returns how many rows; call it until none. */
export async function deleteOldReplays(db: Db): Promise<number> {
  const { rowCount: results } = await db.query({
    name: 'delete_replay_rows',
    text: `
      delete from replay_rows where ctid in (
        select w.ctid from replays r cross join lateral (select ctid from replay_rows where replay_id = r.id limit $1) w
        where r.ended_at < now() and r.status <> 'failed' limit $1)`,
    values: [batch],
  });
  const { rowCount: jobs } = await db.query({
    name: 'delete_old_replays',
    text: `delete from replays where id in (select id from replays where ended_at < now() - $1 * interval '1 day' limit $2)`,
    values: [keptDays, batch],
  });
  return (results ?? 0) + (jobs ?? 0);
}
