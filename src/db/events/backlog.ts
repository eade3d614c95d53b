// Counts the events in the outbox: quickly, up to a limit; or exactly, in total and by tenant.
import type { Db } from '../store/pool.ts';

const mostCounted = 10_000;

/** Number of events in the outbox, counted up to 10,000; `atLeast`: there are more. */
export async function countOutbox(db: Db): Promise<{ events: number; atLeast: boolean }> {
  const { rows } = await db.query<{ events: number }>({
    name: 'count_outbox',
    text: 'select count(*)::int as events from (select from outbox limit $1) as waiting',
    values: [mostCounted + 1],
  });
  const events = rows[0]?.events ?? 0;
  return { events: Math.min(events, mostCounted), atLeast: events > mostCounted };
}

/** When the oldest event in the outbox was accepted; null: it is empty. */
export async function oldestInOutbox(db: Db): Promise<Date | null> {
  const { rows } = await db.query<{ accepted_at: Date }>({
    // not prepared: a plan made while the outbox was empty would read all of it when it is full
    text: 'select accepted_at from outbox order by event_id limit 1',
  });
  return rows[0]?.accepted_at ?? null;
}

export interface WaitingEvents {
  inAll: number;
  /** By external id: tenants with at least `least` events; of those the 10,000 with the most. */
  byTenant: Map<string, number>;
}

/** Reads the whole outbox once: 1 ms for 700 rows, 0.1 s for 100,000 and 0.5 s for 2 million, on two busy cores. */
export async function countWaiting(db: Db, least: number): Promise<WaitingEvents> {
  const { rows } = await db.query<{ in_all: number; tenants: string[]; events: number[] }>({
    name: 'count_waiting',
    text: `
      with waiting as (
        select tenant_id, count(*)::int as events from outbox group by tenant_id
      ), most as (
        select t.external_id, w.events
        from waiting w join tenants t on t.id = w.tenant_id and t.deleted_at is null
        where w.events >= $1 order by w.events desc limit 10000
      )
      select (select coalesce(sum(events), 0)::int from waiting) as in_all,
        coalesce(array_agg(external_id), '{}') as tenants, coalesce(array_agg(events), '{}') as events
      from most`,
    values: [least],
  });
  const { in_all: inAll = 0, tenants = [], events = [] } = rows[0] ?? {};
  return { inAll, byTenant: new Map(tenants.map((tenant, index) => [tenant, events[index] ?? 0])) };
}
