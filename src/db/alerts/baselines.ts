// What is usual for endpoints and for the installation, as learnt so far; and what the statistics say now.
import type { Baseline, Figure } from '#domain/alerts/bands';
import type { CheckedEndpoint } from '#domain/alerts/conditions';
import { uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

/** The id of the installation in `alert_baselines` and in the statistics. */
export const platformId = '00000000-0000-0000-0000-000000000000';

/** Until when the statistics are final; null: nothing was counted yet. */
export async function readFinalUntil(db: Db): Promise<Date | null> {
  const { rows } = await db.query<{ final_until: Date }>({ name: 'alerts_final_until', text: 'select final_until from stats_progress' });
  return rows[0]?.final_until ?? null;
}

/** Events that were accepted in these minutes. */
export async function readAcceptedEvents(db: Db, since: Date, until: Date): Promise<number> {
  const { rows } = await db.query<{ events: number }>({
    name: 'alerts_accepted_events',
    text: `select coalesce(sum(events), 0)::int as events from stats_minutes where id = '${platformId}' and at >= $1 and at < $2`,
    values: [since, until],
  });
  return rows[0]?.events ?? 0;
}

/** By UUID and figure: `baselineKey`. Of what was learnt in the day before `until`. `ids`: UUIDs; null: all. */
export async function readBaselines(db: Db, until: Date, ids: string[] | null): Promise<Map<string, Baseline>> {
  const { rows } = await db.query<Baseline & { id: string; figure: Figure }>({
    name: 'alerts_baselines',
    text: `select id, figure, mean, variance, windows from alert_baselines where learnt_until > $1::timestamptz - interval '1 day' and ($2::uuid[] is null or id = any($2))`,
    values: [until, ids],
  });
  return new Map(rows.map(({ id, figure, ...baseline }) => [baselineKey(id, figure), baseline]));
}

export function baselineKey(id: string, figure: Figure): string {
  return `${id} ${figure}`;
}

export interface Learnt extends Baseline {
  id: string;
  figure: Figure;
}

/** Of a window that ended at `until`. Run twice: the second run changes nothing. */
export async function writeBaselines(db: Db, learnt: Learnt[], until: Date): Promise<void> {
  if (learnt.length === 0) return;
  await db.query({
    name: 'learn_baselines',
    text: `
      insert into alert_baselines (id, figure, mean, variance, windows, learnt_until)
      select id, figure, mean, variance, windows, $2
      from jsonb_to_recordset($1::jsonb) as i (id uuid, figure text, mean float8, variance float8, windows int) order by id, figure
      on conflict (id, figure) do update
      set mean = excluded.mean, variance = excluded.variance, windows = excluded.windows, learnt_until = excluded.learnt_until
      where alert_baselines.learnt_until < excluded.learnt_until`,
    values: [JSON.stringify(learnt), until],
  });
}

export interface OpenEndpoint extends CheckedEndpoint {
  timeoutMs: number;
}

/** Those of these endpoints (UUIDs) that are neither paused, disabled nor deleted, by their UUID. */
export async function readOpenEndpoints(db: Db, ids: string[]): Promise<Map<string, OpenEndpoint>> {
  const { rows } = await db.query<{ id: string; tenant_id: string; host: string; description: string; timeout_ms: number }>({
    name: 'alerts_open_endpoints',
    text: `select id, tenant_id, host, description, timeout_ms from endpoints where id = any($1::uuid[]) and deleted_at is null and gate = 'open'`,
    values: [ids],
  });
  const toEndpoint = ({ id, tenant_id, timeout_ms, ...named }: (typeof rows)[number]) => ({
    endpointId: id,
    tenantId: tenant_id,
    timeoutMs: timeout_ms,
    ...named,
  });
  return new Map(rows.map((row) => [row.id, toEndpoint(row)]));
}

/** Deletes what was not learnt for a week. Returns how many; 0: none are left. */
export async function deleteOldBaselines(db: Pick<Db, 'query'>): Promise<number> {
  const { rowCount } = await db.query({
    name: 'delete_old_baselines',
    text: `
      delete from alert_baselines where (id, figure) in (
        select id, figure from alert_baselines where learnt_until < now() - interval '7 days' limit 1000)`,
  });
  return rowCount ?? 0;
}

/** The UUID of an endpoint as PostgreSQL writes it. */
export function dashedUuid(id: string): string {
  return uuidOf(id).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
