// The last conformance run of each endpoint. One run of an endpoint is in progress at a time.
import type { ConformanceReport } from '#domain/conformance/conformance';
import { uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

/** Longer than any run. A run that its process did not finish no longer blocks the next one. */
const abandonedAfter = `interval '2 minutes'`;

/** Begins a run. False: another one is in progress, or there is no such endpoint. */
export async function beginConformanceRun(db: Pick<Db, 'query'>, endpointId: string): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'begin_conformance_run',
    text: `
      insert into conformance_runs as r (endpoint_id, tenant_id, started_at)
      select id, tenant_id, now() from endpoints where id = $1 and deleted_at is null
      on conflict (endpoint_id) do update set started_at = now(), report = null
      where r.report is not null or r.started_at < now() - ${abandonedAfter}`,
    values: [uuidOf(endpointId)],
  });
  return rowCount === 1;
}

/** Ends the run in progress. */
export async function endConformanceRun(db: Pick<Db, 'query'>, endpointId: string, report: ConformanceReport): Promise<void> {
  await db.query({
    name: 'end_conformance_run',
    text: 'update conformance_runs set report = $2 where endpoint_id = $1',
    values: [uuidOf(endpointId), JSON.stringify(report)],
  });
}

/** Forgets a run that failed inside Posthorn, so that the next one can begin. */
export async function dropConformanceRun(db: Pick<Db, 'query'>, endpointId: string): Promise<void> {
  await db.query({
    name: 'drop_conformance_run',
    text: `update conformance_runs set started_at = '-infinity' where endpoint_id = $1 and report is null`,
    values: [uuidOf(endpointId)],
  });
}

/** The report of the last run. Null: there is none, or it is in progress. */
export async function readConformanceReport(db: Pick<Db, 'query'>, endpointId: string): Promise<ConformanceReport | null> {
  const { rows } = await db.query<{ report: ConformanceReport | null }>({
    name: 'read_conformance_report',
    text: 'select report from conformance_runs where endpoint_id = $1',
    values: [uuidOf(endpointId)],
  });
  return rows[0]?.report ?? null;
}
