// Reads the figures of all endpoints minute by minute, as the chore `stats` has counted them.
import { idOf } from '#domain/ids';
import type { Counts } from '#domain/stats/latency';
import type { Db } from '../store/pool.ts';

export interface EndpointMinute {
  endpointId: string;
  tenantId: string;
  /** The start of the minute. */
  at: Date;
  /** Deliveries that were created for it. */
  accepted: number;
  /** Attempts that started in this minute: those that the endpoint accepted, and all others. */
  delivered: number;
  failed: number;
  /** How many attempts took how long: `percentiles` of src/domain/stats/latency.ts reads it. Also `addCounts` there. */
  latency: Counts;
  /** Attempts by outcome, and by HTTP status code (those that got an answer). */
  outcomes: Counts;
  statusCodes: Counts;
  /** Nothing will be added, except attempts that are recorded later than 45 s after their start. */
  final: boolean;
}

/**
 * The minutes that begin from `since` on and before `until`, oldest first. Minutes without any activity of an endpoint
 * have no row. The last two minutes are still being counted: `final` is false. Minutes are kept for 8 days.
 */
export async function readEndpointMinutes(db: Db, { since, until }: { since: Date; until: Date }): Promise<EndpointMinute[]> {
  const { rows } = await db.query<Row>({
    name: 'read_endpoint_minutes',
    text: `
      select id, tenant_id, at, accepted, delivered, failed, latency, outcomes, status_codes,
        at < coalesce((select final_until from stats_progress), '-infinity') as final
      from stats_minutes where at >= $1 and at < $2 and scope = 'endpoint' order by at, id`,
    values: [since, until],
  });
  return rows.map(({ id, tenant_id, status_codes, ...row }) => ({
    ...row,
    endpointId: idOf('ep', id),
    tenantId: idOf('tnt', tenant_id),
    statusCodes: status_codes,
  }));
}

interface Row extends Omit<EndpointMinute, 'endpointId' | 'tenantId' | 'statusCodes'> {
  id: string;
  tenant_id: string;
  status_codes: Counts;
}
