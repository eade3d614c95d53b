// What was stored in the last seconds, by the clock of PostgreSQL: for the check whether deliveries or events have stopped
// coming. Read from the rows themselves, because the statistics may be a minute late.
import type { Baseline } from '#domain/alerts/bands';
import { type Lull, lullSeconds, mostInSlot, type SlotSums, slotEverySeconds, slotMs } from '#domain/alerts/lulls';
import { queryPlannedOnce } from '../store/planned-once.ts';
import { type Db, inTransaction } from '../store/pool.ts';
import { platformId } from './baselines.ts';

/** An endpoint, or the installation. */
export interface Busy extends Baseline {
  id: string;
}

/** The installation, and endpoints that are neither paused, disabled nor deleted: those with at least `least` in a usual window. */
export async function readBusy(db: Db, least: number): Promise<Busy[]> {
  const { rows } = await db.query<Busy>({
    name: 'alerts_busy',
    text: `
      select b.id, b.mean, b.variance, b.windows from alert_baselines b left join endpoints p on p.id = b.id
      where b.mean >= $1 and b.learnt_until > now() - interval '30 minutes'
        and (b.figure = 'ingest' and b.id = '${platformId}' or b.figure = 'volume' and p.deleted_at is null and p.gate = 'open')`,
    values: [least],
  });
  return rows;
}

export interface LullFacts {
  now: Date;
  /** Nothing can be said: PostgreSQL was away, or no process has checked for a while. Posthorn itself may have been down. */
  isUnsettled: boolean;
  /** Accepted events have waited in the outbox for some seconds, so deliveries are missing that endpoints should have. */
  isBehind: boolean;
  /** Posthorn was broken within the last eight minutes, so windows of five minutes may lack what came meanwhile. */
  wasBroken: boolean;
  /** The subjects of open alerts about too many or too few deliveries or events. */
  open: Set<string>;
  /** Those of alerts that were open for less than ten minutes, in the last twelve hours. */
  brief: Set<string>;
}

/** Whether an alert of these kinds is open, or was within the time. One question for each partial index: open alerts, closed ones. */
const wasOpen = (kinds: string, ago: string) => `(
  exists (select from alerts where state <> 'closed' and kind in ${kinds})
  or exists (select from alerts where state = 'closed' and closed_at > now() - ${ago} and kind in ${kinds}))`;

/** `settledMs`: so long after PostgreSQL was away, nothing can be said. */
export async function readLullFacts(db: Db, settledMs: number): Promise<LullFacts> {
  const { rows } = await db.query<Omit<LullFacts, 'open' | 'brief'> & Record<'open' | 'brief', string[]>>({
    name: 'alerts_lull_facts',
    text: `
      select now() as now,
        pg_postmaster_start_time() > now() - 1.5 * settled.wait
          or not exists (select from chores where name = 'alerts-slow' and done_at > now() - interval '60 seconds')
          or ${wasOpen("('postgres.unreachable')", '1.5 * settled.wait')} as "isUnsettled",
        coalesce((select accepted_at from outbox order by event_id limit 1) < now() - interval '5 seconds', false) as "isBehind",
        ${wasOpen("('backlog.old', 'workers.missing', 'postgres.unreachable')", "interval '8 minutes'")} as "wasBroken",
        array(select subject from alerts where state <> 'closed' and kind in ('endpoint.volume', 'ingest.abnormal')) as open,
        array(
          select subject from alerts where state = 'closed' and closed_at > now() - interval '12 hours'
            and closed_at < opened_at + interval '10 minutes' and kind in ('endpoint.volume', 'ingest.abnormal')) as brief
      from (select $1::float8 * interval '1 millisecond' as wait) as settled`,
    values: [settledMs],
  });
  const [row] = rows;
  if (!row) throw new Error('PostgreSQL gave no answer');
  return { ...row, open: new Set(row.open), brief: new Set(row.brief) };
}

/** How many deliveries were made for each endpoint in the last `lullSeconds`, and events accepted (`platformId`). */
export async function readRecentCounts(db: Db): Promise<Map<string, number>> {
  const recent = `now() - interval '${lullSeconds} seconds'`;
  const counts = {
    name: 'alerts_recent_counts',
    text: `
      select endpoint_id as id, count(*)::int as n from deliveries where created_at > ${recent} group by 1
      union all
      select '${platformId}', count(*)::int from events where accepted_at > ${recent}`,
  };
  const { rows } = await inTransaction(db, (client) => queryPlannedOnce<{ id: string; n: number }>(client, counts));
  return new Map(rows.map(({ id, n }) => [id, n]));
}

export interface Suspect {
  id: string;
  lull: Lull;
}

/** From how long ago to how long ago, in seconds. The last two minutes may contain the lull itself. */
const lookedAt = [1_920, 120];

/**
 * The half hour before, of each of these, by its id. A row counts at the time in its id, which selects it by an index. It is
 * left out if it was stored much later, such as the delivery of a scheduled event, so that its time seems to be a gap.
 */
export async function readSlots(db: Db, suspects: readonly Suspect[]): Promise<Map<string, SlotSums>> {
  const read = async (table: Table, some: readonly Suspect[]) => {
    if (some.length === 0) return [];
    const slots = {
      name: `alerts_slots_of_${table}`,
      text: slotsSql[table],
      values: [some.map(({ id }) => id), some.map(({ lull }) => slotMs(lull))],
    };
    return (await inTransaction(db, (client) => queryPlannedOnce<SlotSums & { id: string }>(client, slots))).rows;
  };
  const isPlatform = ({ id }: Suspect) => id === platformId;
  const rows = await Promise.all([
    read('events', suspects.filter(isPlatform)),
    read(
      'deliveries',
      suspects.filter((one) => !isPlatform(one)),
    ),
  ]);
  return new Map(rows.flat().map(({ id, ...sums }) => [id, sums]));
}

type Table = 'events' | 'deliveries';

/** The first UUID of a time. */
const uuidAt = (time: string) => `(lpad(to_hex((extract(epoch from ${time}) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid`;

const slotsOf = (table: Table, storedAt: string, ofSubject: string) => {
  const rowsUntil = (until: string) => `
    select from ${table} d where ${ofSubject} d.id >= ${uuidAt('t.at')} and d.id < ${uuidAt(until)} and d.${storedAt} < t.at + interval '20 seconds'`;
  return `
    select s.id, count(*)::int as slots, sum(c.n)::float8 as sum, sum(c.n * c.n)::float8 as squares,
      (count(*) filter (where c.n = 0 and not exists (${rowsUntil(`t.at + interval '${slotEverySeconds} seconds'`)})))::int as gaps
    from unnest($1::uuid[], $2::float8[]) as s (id, slot_ms)
    cross join generate_series(now() - interval '${lookedAt[0]} seconds', now() - interval '${lookedAt[1]} seconds', interval '${slotEverySeconds} seconds') as t (at)
    cross join lateral (
      select count(*) as n from (${rowsUntil(`t.at + s.slot_ms * interval '1 millisecond'`)} limit ${mostInSlot}) as few) c
    group by 1`;
};

const slotsSql: Record<Table, string> = {
  events: slotsOf('events', 'accepted_at', ''),
  deliveries: slotsOf('deliveries', 'created_at', 'd.endpoint_id = s.id and'),
};

/** The minutes around this time a day and a week before, for `wasQuiet`, by id: those of each of the two days. */
export async function readOtherDays(db: Db, ids: readonly string[], now: Date): Promise<Map<string, Map<number, number>[]>> {
  if (ids.length === 0) return new Map();
  const { rows } = await db.query<{ id: string; days: number; minute: number; n: number }>({
    name: 'alerts_other_days',
    text: `
      select m.id, w.days, floor(extract(epoch from m.at - ($2::timestamptz - w.days * interval '1 day')) / 60)::int as minute,
        case when m.scope = 'platform' then m.events else m.accepted end as n
      from (values (1), (7)) as w (days) cross join unnest($1::uuid[]) as s (id)
      join stats_minutes m on m.id = s.id and m.at >= $2::timestamptz - w.days * interval '1 day' - interval '1 hour'
        and m.at < $2::timestamptz - w.days * interval '1 day' + interval '1 hour'`,
    values: [ids, now],
  });
  const found = new Map<string, Map<number, number>[]>();
  for (const { id, days, minute, n } of rows) {
    const lists = found.get(id) ?? [new Map(), new Map()];
    lists[days === 1 ? 0 : 1]?.set(minute, n);
    found.set(id, lists);
  }
  return found;
}
