// Ranks the endpoints that fail, or for which deliveries are held, by the counted minutes and hours.
import { idOf, uuidOf } from '#domain/ids';
import type { Backlog, Counted } from '#domain/stats/stats';
import type { WorstBy } from '#domain/stats/worst-endpoints';
import type { Db } from '../store/pool.ts';
import { columns } from './read-stats.ts';

export interface Ranked {
  endpointId: string;
  backlog: Backlog;
}

interface RankedRow {
  id: string;
  held: number;
  dead_lettered: number;
  oldest_at: Date | null;
}

// the index `stats_minutes_failing`, or that of the hours, has only what failed
const failedIn = {
  minutes: `select id, sum(failed)::int as failed from stats_minutes where scope = 'endpoint' and failed > 0 and at >= $1 group by id`,
  hours: `
    select id, sum(failed)::int as failed from (
      select id, failed from stats_hours where scope = 'endpoint' and failed > 0 and at >= $1
      union all
      select id, failed from stats_minutes
      where scope = 'endpoint' and failed > 0 and at >= greatest($1, (select final_until from stats_progress))
    ) both_of_them group by id`,
};

/** `tenantId`: only its endpoints; null: those of all tenants. Only endpoints with a failed attempt from `since` on, or with held deliveries. */
export async function rankEndpoints(
  db: Db,
  { steps, since, tenantId, by, limit }: { steps: 'minutes' | 'hours'; since: Date; tenantId: string | null; by: WorstBy; limit: number },
): Promise<Ranked[]> {
  const { rows } = await db.query<RankedRow>({
    name: `rank_endpoints_by_${steps}`,
    text: `
      with failing as materialized (${failedIn[steps]})
      select p.id, coalesce(b.held, 0) as held, coalesce(b.dead_lettered, 0) as dead_lettered, b.oldest_at
      from failing f full join (select * from stats_backlogs where held > 0) w using (id)
      join endpoints p using (id)
      left join stats_backlogs b using (id)
      where p.deleted_at is null and ($2::uuid is null or p.tenant_id = $2)
      order by case when $3 = 'held' then b.held else f.failed end desc nulls last,
        case when $3 = 'held' then f.failed else b.held end desc nulls last, p.id
      limit $4`,
    values: [since, tenantId && uuidOf(tenantId), by, limit],
  });
  return rows.map(({ id, held, dead_lettered: deadLettered, oldest_at: oldestAt }) => ({
    endpointId: idOf('ep', id),
    backlog: { held, deadLettered, oldestAt },
  }));
}

/** What was counted for each of these endpoints from `since` on, in any order. */
export async function readCountedOf(
  db: Db,
  steps: 'minutes' | 'hours',
  endpointIds: string[],
  since: Date,
): Promise<Map<string, Counted[]>> {
  const { rows } = await db.query<Counted & { id: string }>({
    name: `read_${steps}_of_endpoints`,
    text:
      steps === 'minutes'
        ? `select id, ${columns} from stats_minutes where id = any($1::uuid[]) and at >= $2`
        : `
          select id, ${columns} from stats_hours where id = any($1::uuid[]) and at >= $2
          union all
          select id, ${columns} from stats_minutes
          where id = any($1::uuid[]) and at >= greatest($2, (select final_until from stats_progress))`,
    values: [endpointIds.map(uuidOf), since],
  });
  return Map.groupBy(rows, ({ id }) => idOf('ep', id));
}
