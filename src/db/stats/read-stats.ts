// Reads the counted minutes or hours of an endpoint, a tenant or the platform, and what waits there now.
import { uuidOf } from '#domain/ids';
import type { Backlog, Counted, HeldFrom } from '#domain/stats/stats';
import type { Db } from '../store/pool.ts';

/** `ep_…` or `tnt_…`; null: the platform. */
export type Whose = string | null;

const platform = '00000000-0000-0000-0000-000000000000';
const idOfRows = (whose: Whose) => (whose === null ? platform : uuidOf(whose));

export const columns = 'at, events, accepted, delivered, failed, latency, outcomes, status_codes as "statusCodes"';

/** The minutes that begin from `since` on, in any order. Minutes of the last 8 days are there. */
export async function readMinutes(db: Db, whose: Whose, since: Date): Promise<Counted[]> {
  const { rows } = await db.query<Counted>({
    name: 'read_stats_minutes',
    text: `select ${columns} from stats_minutes where id = $1 and at >= $2`,
    values: [idOfRows(whose), since],
  });
  return rows;
}

/** The hours that begin from `since` on, in any order, and the minutes that no hour contains yet. */
export async function readHours(db: Db, whose: Whose, since: Date): Promise<Counted[]> {
  const { rows } = await db.query<Counted>({
    name: 'read_stats_hours',
    text: `
      select ${columns} from stats_hours where id = $1 and at >= $2
      union all
      select ${columns} from stats_minutes where id = $1 and at >= greatest($2, (select final_until from stats_progress))`,
    values: [idOfRows(whose), since],
  });
  return rows;
}

/** What waits, as counted last. */
export async function readBacklog(db: Db, whose: Whose): Promise<Backlog> {
  const { rows } = await db.query<{ held: number; dead_lettered: number; oldest_at: Date | null }>({
    name: whose === null ? 'read_backlog' : `read_backlog_${whose.slice(0, 2)}`,
    text: `
      select coalesce(sum(held), 0)::int as held, coalesce(sum(dead_lettered), 0)::int as dead_lettered, min(oldest_at) as oldest_at
      from stats_backlogs where ${whose === null ? '$1::uuid is not null' : whose.startsWith('ep_') ? 'id = $1' : 'tenant_id = $1'}`,
    values: [idOfRows(whose)],
  });
  const { held = 0, dead_lettered: deadLettered = 0, oldest_at: oldestAt = null } = rows[0] ?? {};
  return { held, deadLettered, oldestAt };
}

/**
 * How many deliveries of a tenant or the platform were held: the numbers from `since` on, oldest first, and the last one before
 * it. Those of the last 8 days are there.
 */
export async function readHeld(db: Db, whose: Whose, since: Date): Promise<HeldFrom[]> {
  const { rows } = await db.query<HeldFrom>({
    name: 'read_held',
    text: `
      (select at, held from stats_held where id = $1 and at < $2 order by at desc limit 1)
      union all
      (select at, held from stats_held where id = $1 and at >= $2 order by at)`,
    values: [idOfRows(whose), since],
  });
  return rows;
}
