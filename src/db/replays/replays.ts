// Replay jobs: create, read and list. The row decides what a job does; its workflow reads it (docs/decisions/0042).
import { firstUuidAt, idOf, uuidOf } from '#domain/ids';
import type { Replayable, ReplaySelection, ReplayStatus, ReplayTarget, ReplayView } from '#domain/replays/replay';
import { type Audit, audited } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';

/** A stored job, without its workflow and what the clock says. */
export type ReplayRecord = Omit<ReplayView, 'etag' | 'workflowId' | 'temporalUrl' | 'estimatedEndAt' | 'deadLettered'> & {
  tenantId: string | null;
};

export interface ReplayToCreate {
  replayId: string;
  tenantId: string | null;
  endpointId: string | null;
  selection: ReplaySelection;
  perSecond: number;
  createdBy: string;
}

/** Run twice with the same id: the second run changes nothing. It is marked as unsignalled until its workflow is started. */
export async function createReplay(db: Db, replay: ReplayToCreate, audit: Audit): Promise<void> {
  const { replayId, tenantId, endpointId, selection, perSecond, createdBy } = replay;
  const { statuses, types, neverAttempted, target, deliveries, since, until } = selection;
  await audited(db, audit, async (client) => {
    const { rowCount } = await client.query({
      name: 'create_replay',
      text: `
        insert into replays (id, tenant_id, endpoint_id, statuses, types, never_attempted, target, since, until, status, phase, cursor, per_second, created_by, deliveries, unsignalled_since)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'counting', 'deliveries', $10, $11, $12, $13, clock_timestamp())
        on conflict do nothing`,
      values: [
        ...[uuidOf(replayId), tenantId && uuidOf(tenantId), endpointId && uuidOf(endpointId)],
        ...[statuses, types, neverAttempted, target, since, until, firstUuidAt(Date.parse(since)), perSecond, createdBy],
        deliveries?.map(uuidOf) ?? null,
      ],
    });
    const after = { endpoint: endpointId, selection, perSecond };
    const entry = { tenantId, target: { kind: 'replay', id: replayId }, before: null, after };
    return { result: null, entry: rowCount === 1 ? entry : null };
  });
}

/** The tenant of an endpoint that is not deleted; null: there is none. In a tenant's scope only its own. */
export async function readTarget(db: Db, endpointId: string): Promise<string | null> {
  const { rows } = await db.query<{ tenant_id: string }>({
    name: 'read_replay_target',
    text: 'select tenant_id from endpoints where id = $1 and deleted_at is null',
    values: [uuidOf(endpointId)],
  });
  return rows[0] ? idOf('tnt', rows[0].tenant_id) : null;
}

const columns = `
  r.id, r.status, r.tenant_id, t.external_id as tenant, r.endpoint_id, r.statuses, r.never_attempted, r.types, r.target, cardinality(r.deliveries) as chosen, r.since, r.until,
  coalesce(r.matched, 0) as matched, r.replayed, r.succeeded, r.failed, r.ended_at, r.per_second, r.rate, r.error, r.created_by, r.created_at, r.phase,
  case when r.status in ('done', 'cancelled') then r.waiting else r.replayed - r.succeeded - r.failed end as waiting
  from replays r left join tenants t on t.id = r.tenant_id`;

interface ReplayRow {
  id: string;
  status: ReplayStatus;
  tenant_id: string | null;
  tenant: string | null;
  endpoint_id: string | null;
  statuses: Replayable[];
  never_attempted: boolean;
  types: string[];
  target: ReplayTarget;
  chosen: number | null;
  since: Date;
  until: Date;
  matched: number;
  replayed: number;
  succeeded: number;
  failed: number;
  waiting: number;
  ended_at: Date | null;
  per_second: number;
  rate: number | null;
  error: string | null;
  created_by: string;
  created_at: Date;
  phase: 'deliveries' | 'events' | 'results';
}

/** Null: no such job. */
export async function readReplay(db: Pick<Db, 'query'>, replayId: string): Promise<ReplayRecord | null> {
  const { rows } = await db.query<ReplayRow>({
    name: 'read_replay',
    text: `select ${columns} where r.id = $1`,
    values: [uuidOf(replayId)],
  });
  return rows[0] ? toRecord(rows[0]) : null;
}

/** Jobs older than `before`, newest first. */
export async function listReplays(
  db: Db,
  filter: { tenantId: string | null; statuses: ReplayStatus[] | null },
  before: string | null,
  limit: number,
): Promise<ReplayRecord[]> {
  const { rows } = await db.query<ReplayRow>({
    // not prepared by name: planned with its values, a filter that is null costs nothing
    text: `
      select ${columns}
      where ($1::uuid is null or r.tenant_id = $1) and ($2::text[] is null or r.status = any($2))
        and r.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by r.id desc limit $4`,
    values: [filter.tenantId && uuidOf(filter.tenantId), filter.statuses, before && uuidOf(before), limit],
  });
  return rows.map(toRecord);
}

/** Once all are handed over, what is missing of those matched was skipped: it had changed. */
function toRecord(row: ReplayRow): ReplayRecord {
  const skipped = row.phase === 'results' ? Math.max(0, row.matched - row.replayed) : 0;
  const { status, tenant, succeeded, failed, waiting, rate, error } = row;
  return {
    ...{
      id: idOf('rpl', row.id),
      status,
      tenantId: row.tenant_id && idOf('tnt', row.tenant_id),
      tenant,
      endpoint: row.endpoint_id && idOf('ep', row.endpoint_id),
    },
    selection: {
      ...{ status: row.statuses, neverAttempted: row.never_attempted, types: row.types, target: row.target },
      ...{ deliveries: row.chosen, since: row.since.toISOString(), until: row.until.toISOString() },
    },
    matched: Math.max(row.matched, row.replayed),
    done: row.replayed + skipped,
    ...{ succeeded, failed, skipped, waiting, perSecond: row.per_second, rate: status === 'running' ? rate : null, error },
    ...{ createdBy: row.created_by, createdAt: row.created_at.toISOString(), endedAt: row.ended_at?.toISOString() ?? null },
  };
}
