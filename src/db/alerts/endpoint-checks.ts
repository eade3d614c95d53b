// What the checks read about endpoints: which fail, are disabled, or have dead letters. Partial indexes hold only such rows,
// so that a check costs the same however many endpoints there are. A command that has stopped to listen is no fault.
import type { CheckedEndpoint, FailingEndpoint } from '#domain/alerts/conditions';
import { listenHost } from '#domain/endpoints/listen';
import type { Db } from '../store/pool.ts';

/** The most rows of each check. With more, no alert of its kind is closed. */
export const mostChecked = 2_000;

/** The rows that the checks below read. Of `lanes` and of `endpoint_health`, of `endpoints`, and of `deliveries`. */
export const isFailingLane = 'failing_since is not null and parks';
export const isFailingHealth = 'failing_since is not null';
export const isDisabled = `gate = 'disabled' and deleted_at is null and host <> '${listenHost}'`;
export const isNewDeadLetter = `status = 'dead_lettered' and updated_at > now() - interval '1 hour'`;

interface EndpointRow {
  id: string;
  tenant_id: string;
  host: string;
  description: string;
}

const toChecked = ({ id, tenant_id, host, description }: EndpointRow): CheckedEndpoint => ({
  endpointId: id,
  tenantId: tenant_id,
  host,
  description,
});

/**
 * Endpoints that have accepted nothing for at least `forMs`: by their lane while it parks, else by the counts of direct
 * attempts. One refusal is not enough.
 */
export async function readFailing(db: Db, forMs: number): Promise<FailingEndpoint[]> {
  const { rows } = await db.query<EndpointRow & { since: Date; target_version: number; refused: number }>({
    name: 'alerts_failing',
    text: `
      with failing as (
        select endpoint_id, target_version, failing_since as since, coalesce((circuit->>'refusedProbes')::int, 0) + 2 as refused
        from lanes where ${isFailingLane}
        union all
        select h.endpoint_id, h.target_version, h.failing_since, (h.counts->>'notAccepted')::int
        from endpoint_health h where ${isFailingHealth}
          and not exists (
            select from lanes l where l.endpoint_id = h.endpoint_id and (l.parks or l.ended_at > h.updated_at and l.failing_since is null))
      )
      select p.id, p.tenant_id, p.host, p.description, p.target_version, f.since, f.refused
      from failing f join endpoints p on p.id = f.endpoint_id and p.target_version = f.target_version
      where p.deleted_at is null and p.gate = 'open' and p.host <> '${listenHost}' and f.refused >= 2 and f.since <= now() - $1::float8 * interval '1 millisecond'
      order by f.since limit ${mostChecked}`,
    values: [forMs],
  });
  return rows.map((row) => ({ ...toChecked(row), since: row.since, targetVersion: row.target_version, refused: row.refused }));
}

export async function readDisabled(db: Db): Promise<(CheckedEndpoint & { reason: string })[]> {
  const { rows } = await db.query<EndpointRow & { gate_reason: string | null }>({
    name: 'alerts_disabled',
    text: `
      select id, tenant_id, host, description, gate_reason from endpoints where ${isDisabled} order by id limit ${mostChecked}`,
  });
  return rows.map((row) => ({ ...toChecked(row), reason: row.gate_reason ?? 'disabled' }));
}

const mostDeadLetters = 10_000;

/** The endpoints of deliveries that became dead letters in the last hour and still are. `isAll` false: there are more. */
export async function readDeadLetters(
  db: Db,
): Promise<{ isAll: boolean; endpoints: (CheckedEndpoint & { count: number; message: string; outcome: string | null })[] }> {
  const { rows } = await db.query<EndpointRow & { count: number; message: string | null; outcome: string | null; total: number }>({
    name: 'alerts_dead_letters',
    text: `
      with recent as (
        select endpoint_id, last_message, last_outcome, updated_at from deliveries
        where ${isNewDeadLetter} order by updated_at desc limit ${mostDeadLetters}
      ), counted as (
        select endpoint_id, count(*)::int as count, (array_agg(last_message order by updated_at desc))[1] as message,
          (array_agg(last_outcome order by updated_at desc))[1] as outcome from recent group by 1
      )
      select p.id, p.tenant_id, p.host, p.description, c.count, c.message, c.outcome, (select count(*)::int from recent) as total
      from counted c join endpoints p on p.id = c.endpoint_id where p.deleted_at is null and p.host <> '${listenHost}'`,
  });
  return {
    isAll: (rows[0]?.total ?? 0) < mostDeadLetters,
    endpoints: rows.map((row) => ({ ...toChecked(row), count: row.count, message: row.message ?? 'unknown', outcome: row.outcome })),
  };
}
