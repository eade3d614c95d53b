// What the statistics must say, computed from the stored attempts, deliveries and events; and what they say.
import type { Db } from '#db/store/pool';
import { bucketOf } from '#domain/stats/latency';

export interface Line {
  id: string;
  at: Date;
  events: number;
  accepted: number;
  delivered: number;
  failed: number;
  latency: Record<string, number>;
  outcomes: Record<string, number>;
  status_codes: Record<string, number>;
}

const platform = '00000000-0000-0000-0000-000000000000';
const step = (at: Date, ms: number) => new Date(Math.floor(at.getTime() / ms) * ms);

/** By step, of endpoints, tenants and the platform, in the order of `at` and `id`. */
export async function expected(db: Db, stepMs: number): Promise<Line[]> {
  const lines = new Map<string, Line>();
  const count = (ids: string[], at: Date, add: (line: Line) => void) => {
    for (const id of ids) {
      const key = `${step(at, stepMs).toISOString()} ${id}`;
      const none = { events: 0, accepted: 0, delivered: 0, failed: 0, latency: {}, outcomes: {}, status_codes: {} };
      const line = lines.get(key) ?? { id, at: step(at, stepMs), ...none };
      lines.set(key, line);
      add(line);
    }
  };
  const plus = (counts: Record<string, number>, key: string | number) => {
    counts[key] = (counts[key] ?? 0) + 1;
  };
  const attempts = await db.query(
    `select d.endpoint_id, d.tenant_id, a.started_at, a.outcome, a.status_code, a.total_ms from attempts a join deliveries d on d.id = a.delivery_id`,
  );
  for (const { endpoint_id, tenant_id, started_at, outcome, status_code, total_ms } of attempts.rows)
    count([endpoint_id, tenant_id, platform], started_at, (line) => {
      line[outcome === 'accepted' ? 'delivered' : 'failed']++;
      plus(line.outcomes, outcome);
      plus(line.latency, bucketOf(total_ms));
      if (status_code !== null) plus(line.status_codes, status_code);
    });
  const deliveries = await db.query('select endpoint_id, tenant_id, created_at from deliveries');
  for (const { endpoint_id, tenant_id, created_at } of deliveries.rows)
    count([endpoint_id, tenant_id, platform], created_at, (line) => line.accepted++);
  const events = await db.query('select tenant_id, accepted_at from events');
  for (const { tenant_id, accepted_at } of events.rows) count([tenant_id, platform], accepted_at, (line) => line.events++);
  return [...lines.keys()].toSorted().map((key) => lines.get(key) as Line);
}

const columns = 'id, at, events, accepted, delivered, failed, latency, outcomes, status_codes';

export async function storedMinutes(db: Db): Promise<Line[]> {
  return (await db.query<Line>(`select ${columns} from stats_minutes order by at, id`)).rows;
}

export async function storedHours(db: Db): Promise<Line[]> {
  return (await db.query<Line>(`select ${columns} from stats_hours order by at, id`)).rows;
}
