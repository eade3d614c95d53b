// Counts by endpoint what is not delivered. Looks at a bounded number of deliveries, the newest; where there are more, the
// figures that are counted periodically for the statistics complete the counts.
import type { PoolClient } from 'pg';
import { idOf, uuidOf } from '#domain/ids';
import { sumUndelivered, type UndeliveredPart, type UndeliveredStatus, type UndeliveredSum } from '#domain/views/undelivered';
import { queryPlannedOnce } from '../store/planned-once.ts';
import { type Db, inTransaction } from '../store/pool.ts';

type Querying = Pick<Db, 'query'>;

export interface UndeliveredFilter {
  tenantId: string | null;
  endpointId: string | null;
  statuses: UndeliveredStatus[];
  type: string | null;
}

/** `sealed`: null if it was deleted. */
export type UndeliveredRecord = UndeliveredSum & { tenant: string; description: string; sealed: Buffer | null };

export interface Undelivered {
  records: UndeliveredRecord[];
  /** All were looked at. */
  isComplete: boolean;
}

const mostLookedAt = 20_000;
const mostEndpoints = 250;

export function readUndelivered(db: Db, filter: UndeliveredFilter): Promise<Undelivered> {
  return inTransaction(db, async (client) => {
    // the indexes of the partitions return the newest ones at once; PostgreSQL expects so few that it would read and sort all
    await client.query('set local enable_bitmapscan = off; set local enable_sort = off');
    const limit = Math.floor(mostLookedAt / filter.statuses.length);
    const { parts, cutOff } = await countParts(client, filter, limit);
    const known = cutOff.length > 0 && filter.type === null ? await knownCounts(client, filter, cutOff) : [];
    const sums = sumUndelivered(parts, known).slice(0, mostEndpoints);
    return { records: await withEndpoints(client, filter.tenantId, sums), isComplete: cutOff.length === 0 };
  });
}

interface PartRow {
  endpoint_id: string;
  status: UndeliveredStatus;
  last_outcome: string | null;
  looked_at: number;
  matched: number;
  oldest_at: Date;
  changed_at: Date;
}

const scopes = { all: '$2::uuid is null', tenant: 'tenant_id = $2::uuid', endpoint: 'endpoint_id = $2::uuid' };
type Scope = keyof typeof scopes;

/** A statement for each scope, so that its plan can use the index of the scope whatever the values are. */
const countQuery = (scope: Scope) => `
  with scanned as materialized (
    select d.* from unnest($1::text[]) as s (wanted), lateral (
      select endpoint_id, status, event_type, last_outcome, created_at, updated_at from deliveries
      where status = s.wanted and status <> 'succeeded' and ${scopes[scope]}
      order by id desc limit $4
    ) d
  )
  select endpoint_id, status, last_outcome, count(*)::int as looked_at, count(*) filter (where $3::text is null or event_type = $3)::int as matched,
    min(created_at) as oldest_at, max(updated_at) as changed_at
  from scanned group by endpoint_id, status, last_outcome`;

/** `cutOff`: statuses of which there may be more. */
async function countParts(client: PoolClient, { tenantId, endpointId, statuses, type }: UndeliveredFilter, limit: number) {
  const scope = endpointId !== null ? 'endpoint' : tenantId !== null ? 'tenant' : 'all';
  const owner = endpointId ?? tenantId;
  const { rows } = await queryPlannedOnce<PartRow>(client, {
    name: `undelivered_of_${scope}`,
    text: countQuery(scope),
    values: [statuses, owner && uuidOf(owner), type, limit],
  });
  const lookedAt = (status: UndeliveredStatus) => rows.reduce((sum, row) => sum + (row.status === status ? row.looked_at : 0), 0);
  const parts = rows
    .filter(({ matched }) => matched > 0)
    .map(
      (row): UndeliveredPart => ({
        ...{ endpointId: idOf('ep', row.endpoint_id), status: row.status, outcome: row.last_outcome, count: row.matched },
        ...{ oldestAt: row.oldest_at, changedAt: row.changed_at },
      }),
    );
  return { parts, cutOff: statuses.filter((status) => lookedAt(status) >= limit) };
}

/** What the statistics counted last: held deliveries and dead letters. */
async function knownCounts(client: Querying, { tenantId, endpointId }: UndeliveredFilter, statuses: UndeliveredStatus[]) {
  const { rows } = await client.query<{ id: string; held: number; dead_lettered: number }>({
    text: `
      select id, held, dead_lettered from stats_backlogs
      where ($1::uuid is null or tenant_id = $1) and ($2::uuid is null or id = $2) and (('held' = any($3) and held > 0) or ('dead_lettered' = any($3) and dead_lettered > 0))
      order by held + dead_lettered desc limit $4`,
    values: [tenantId && uuidOf(tenantId), endpointId && uuidOf(endpointId), statuses, mostEndpoints],
  });
  return rows.flatMap((row) =>
    (['held', 'dead_lettered'] as const)
      .filter((status) => statuses.includes(status))
      .map((status) => ({ endpointId: idOf('ep', row.id), status, count: row[status] })),
  );
}

/** Without those of another tenant. */
async function withEndpoints(client: Querying, tenantId: string | null, sums: UndeliveredSum[]): Promise<UndeliveredRecord[]> {
  const { rows } = await client.query<{ id: string; tenant: string; description: string; sealed: Buffer | null }>({
    name: 'undelivered_endpoints',
    text: `
      select p.id, t.external_id as tenant, p.description, case when p.deleted_at is null then p.sealed end as sealed
      from endpoints p join tenants t on t.id = p.tenant_id where p.id = any($1::uuid[]) and ($2::uuid is null or p.tenant_id = $2)`,
    values: [sums.map(({ endpoint }) => uuidOf(endpoint)), tenantId && uuidOf(tenantId)],
  });
  const byId = new Map(rows.map(({ id, ...row }) => [idOf('ep', id), row]));
  return sums.flatMap((sum) => {
    const row = byId.get(sum.endpoint);
    return row ? [{ ...sum, ...row }] : [];
  });
}
