// Commands on a replay job: each is one conditional update of its row, with its audit entry in the same transaction.
import { idOf, uuidOf } from '#domain/ids';
import { type ReplayCommand, type ReplayStatus, replayObeyedIn } from '#domain/replays/replay';
import { type Audit, audited } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';

export interface ReplayCommandResult {
  /** False: the status does not allow it. */
  obeyed: boolean;
  status: ReplayStatus;
}

/**
 * Gives a command. Null: no such job. A command given twice changes nothing the second time and is `obeyed`. It takes effect
 * with the next page: a page locks the row. From `outside` the workflow the job is marked as unsignalled.
 */
export async function commandReplay(
  db: Db,
  replayId: string,
  command: ReplayCommand,
  from: 'outside' | 'workflow',
  audit?: Audit,
): Promise<ReplayCommandResult | null> {
  return audited(db, audit, async (client) => {
    const { rows } = await client.query<Changed & { was: ReplayStatus }>({
      name: `replay_${command}`,
      text: commands[command],
      values: [uuidOf(replayId), replayObeyedIn[command], from === 'outside'],
    });
    const [row] = rows;
    if (!row) return { result: null, entry: null };
    const { was, changed, status, tenant_id: tenantId } = row;
    const isRepeat = !changed && (command === 'resume' ? !['done', 'cancelled'].includes(was) : was === led[command]);
    const entry = { ...entryOf(replayId, tenantId), before: { status: was }, after: { status } };
    return { result: { obeyed: changed || isRepeat, status }, entry: changed ? entry : null };
  });
}

const led = { pause: 'paused', cancel: 'cancelled' } as const;
const before = 'before as (select id, status, per_second, tenant_id from replays where id = $1 for no key update)';
const marked = 'unsignalled_since = case when $3 then clock_timestamp() else r.unsignalled_since end';
const change = (set: string) => `
  with ${before}, changed as (
    update replays r set ${set}, ${marked} from before b where r.id = b.id and b.status = any($2) returning r.status
  )
  select b.status as was, coalesce(c.status, b.status) as status, c.status is not null as changed, b.tenant_id from before b left join changed c on true`;

const commands: Record<ReplayCommand, string> = {
  pause: change(`status = 'paused', rate = null`),
  // its pace begins again, so that it does not catch up on the pause
  resume: change(
    `status = case when r.matched is null then 'counting' else 'running' end, error = null, ended_at = null, ideal_at = null, rate_from = null, driven_at = now()`,
  ),
  cancel: change(`status = 'cancelled', ended_at = now(), rate = null, waiting = r.replayed - r.succeeded - r.failed`),
};

interface Changed {
  status: ReplayStatus;
  changed: boolean;
  tenant_id: string | null;
}

function entryOf(replayId: string, tenantId: string | null) {
  return { tenantId: tenantId && idOf('tnt', tenantId), target: { kind: 'replay', id: replayId } };
}

/**
 * Changes the pace of a job that has not ended; its schedule begins again with the new one. Null: no such job. `check` is called
 * with the pace before, under the row's lock; an error that it throws rolls back.
 */
export async function setReplayPace(
  db: Db,
  replayId: string,
  perSecond: number,
  audit?: Audit,
  check?: (perSecond: number) => void,
): Promise<ReplayCommandResult | null> {
  return audited(db, audit, async (client) => {
    const was = check && (await lockPace(client, replayId));
    if (was !== undefined) check?.(was);
    const { rows } = await client.query<Changed & { was: number }>({
      name: 'set_replay_pace',
      text: `
        with ${before}, changed as (
          update replays r set per_second = $2, ideal_at = null from before b
          where r.id = b.id and b.status in ('counting', 'running', 'paused', 'failed') and b.per_second <> $2 returning r.status
        )
        select b.status, b.per_second as was, c.status is not null as changed, b.tenant_id from before b left join changed c on true`,
      values: [uuidOf(replayId), perSecond],
    });
    const [row] = rows;
    if (!row) return { result: null, entry: null };
    const entry = { ...entryOf(replayId, row.tenant_id), before: { perSecond: row.was }, after: { perSecond } };
    const isOpen = row.status !== 'done' && row.status !== 'cancelled';
    return { result: { obeyed: isOpen, status: row.status }, entry: row.changed ? entry : null };
  });
}

/** Undefined: no such job. */
async function lockPace(db: Pick<Db, 'query'>, replayId: string): Promise<number | undefined> {
  const { rows } = await db.query<{ per_second: number }>({
    name: 'lock_replay_pace',
    text: 'select per_second from replays where id = $1 for no key update',
    values: [uuidOf(replayId)],
  });
  return rows[0]?.per_second;
}
