// A replay job as the worker sees it: reads its row, and saves how far it is.
import { firstUuidAt, idOf, uuidOf } from '#domain/ids';
import type { Pace } from '#domain/replays/pace';
import type { Replayable, ReplayStatus, ReplayTarget } from '#domain/replays/replay';
import { pumpWord } from '../store/listen.ts';
import type { Counted } from './count-selected.ts';
import type { Querying, Selected } from './selection.ts';

/** First existing deliveries, then events without one, then it waits for the results. */
export type Phase = 'deliveries' | 'events' | 'results';

export interface Job {
  replayId: string;
  status: ReplayStatus;
  phase: Phase;
  /** A UUID: of the phase, all up to this delivery or event were handled. */
  cursor: string;
  perSecond: number;
  /** In milliseconds from `now`. */
  pace: Pace;
  /** PostgreSQL's text of the time at which it was read. */
  now: string;
  /** Milliseconds since the last page, or the last result that was counted. */
  quietMs: number;
  /** Failures in a row, in all processes. */
  faults: number;
  selected: Selected;
}

export interface HandedOver {
  deliveryId: string;
  endpointId: string;
  /** The lane of its endpoint holds it. */
  parks: boolean;
  /** The lane of its endpoint waited for it. */
  unblocks: boolean;
  /** When its own workflow, where the dead letter waited, is signalled. */
  signalAt: Date | null;
}

interface JobRow {
  status: ReplayStatus;
  phase: Phase;
  cursor: string;
  per_second: number;
  ideal_in_ms: number;
  last_due_in_ms: number;
  quiet_ms: number;
  faults: number;
  now: string;
  tenant_id: string | null;
  endpoint_id: string | null;
  statuses: Replayable[];
  never_attempted: boolean;
  types: string[];
  target: ReplayTarget;
  deliveries: string[] | null;
  since: Date;
  until: Date;
  as_of: string;
}

// a job without a schedule begins one now
const columns = `
  select status, phase, cursor, per_second, c.now::text as now,
    coalesce(extract(epoch from ideal_at - c.now) * 1000, 0)::float8 as ideal_in_ms,
    coalesce(extract(epoch from last_due_at - c.now) * 1000, -1e9)::float8 as last_due_in_ms,
    extract(epoch from c.now - progressed_at)::float8 * 1000 as quiet_ms, faults,
    tenant_id, endpoint_id, statuses, types, never_attempted, target, deliveries, since, until, created_at::text as as_of
  from replays cross join (select clock_timestamp() as now) c where id = $1`;

/** Null: no such job. */
export async function readJob(db: Querying, replayId: string): Promise<Job | null> {
  return one(replayId, await db.query<JobRow>({ name: 'read_replay_job', text: columns, values: [uuidOf(replayId)] }));
}

/** Locks it for the transaction. */
export async function lockJob(client: Querying, replayId: string): Promise<Job | null> {
  await client.query({ name: 'lock_replay', text: 'select from replays where id = $1 for update', values: [uuidOf(replayId)] });
  return readJob(client, replayId);
}

function one(replayId: string, { rows: [row] }: { rows: JobRow[] }): Job | null {
  if (!row) return null;
  const { status, phase, per_second: perSecond, now, statuses, types, never_attempted: neverAttempted, target, as_of: asOf } = row;
  return {
    ...{ replayId, status, phase, perSecond, now, cursor: row.cursor.replaceAll('-', '') },
    pace: { idealInMs: row.ideal_in_ms, lastDueInMs: row.last_due_in_ms },
    quietMs: row.quiet_ms,
    faults: row.faults,
    selected: {
      tenantId: row.tenant_id && idOf('tnt', row.tenant_id),
      endpointId: row.endpoint_id && idOf('ep', row.endpoint_id),
      ...{ statuses, types, neverAttempted, target, asOf, deliveries: row.deliveries?.map((id) => idOf('dlv', id)) ?? null },
      from: firstUuidAt(row.since.getTime()),
      below: firstUuidAt(row.until.getTime()),
    },
  };
}

/** Saves what a job matches, unless it was counted before, and lets it run. */
export async function saveCount(db: Querying, replayId: string, { matched }: Counted): Promise<void> {
  await db.query({
    name: 'save_replay_count',
    text: `
      update replays set matched = $2, status = case status when 'counting' then 'running' else status end, driven_at = now(), faults = 0
      where id = $1 and matched is null`,
    values: [uuidOf(replayId), matched],
  });
}

/** A worker is at it. */
export async function touchJob(db: Querying, replayId: string): Promise<void> {
  await db.query({ name: 'touch_replay', text: 'update replays set driven_at = now() where id = $1', values: [uuidOf(replayId)] });
}

/** Counts a failure of the job, and returns how many there were in a row, in all processes. 0: no such job. */
export async function countFault(db: Querying, replayId: string): Promise<number> {
  const { rows } = await db.query<{ faults: number }>({
    name: 'count_replay_fault',
    text: 'update replays set faults = faults + 1 where id = $1 returning faults',
    values: [uuidOf(replayId)],
  });
  return rows[0]?.faults ?? 0;
}

/** It works again. */
export async function clearFaults(db: Querying, replayId: string): Promise<void> {
  await db.query({
    name: 'clear_replay_faults',
    text: 'update replays set faults = 0 where id = $1 and faults > 0',
    values: [uuidOf(replayId)],
  });
}

export interface PageEnd {
  phase: Phase;
  cursor: string;
  taken: HandedOver[];
  /** In milliseconds from `now` of the job. */
  pace: Pace;
}

/** Call it in the transaction of the page. When that commits, the relays are notified of what is due. */
export async function savePage(client: Querying, { replayId, now }: Job, { phase, cursor, taken, pace }: PageEnd): Promise<void> {
  await client.query({
    name: 'save_replay_page',
    text: `
      with added as (
        insert into replay_rows (replay_id, delivery_id) select $1, id from unnest($2::uuid[]) as i (id) order by id on conflict do nothing
      )
      update replays r set phase = $3, cursor = $4, replayed = r.replayed + cardinality($2::uuid[]),
        ideal_at = $5::timestamptz + $6::float8 * interval '1 millisecond', last_due_at = $5::timestamptz + $7::float8 * interval '1 millisecond',
        signals_until = greatest(r.signals_until, $8::timestamptz), driven_at = now(), progressed_at = now(),
        ${measured}
      where r.id = $1`,
    values: [
      ...[uuidOf(replayId), taken.map(({ deliveryId }) => uuidOf(deliveryId)), phase, cursor, now, pace.idealInMs, pace.lastDueInMs],
      taken.reduce<Date | null>((last, { signalAt }) => (signalAt && (!last || signalAt > last) ? signalAt : last), null),
    ],
  });
  if (taken.some(({ parks }) => !parks)) await client.query(`select pg_notify('posthorn_outbox', $1)`, [pumpWord]);
}

/** How fast it was since `rate_from`, if that is 5 s ago; then it is measured from now on. */
const isOld = `r.rate_from < now() - interval '5 seconds'`;
const measured = `
  rate = case when ${isOld} then (r.replayed + cardinality($2::uuid[]) - r.rate_rows) / extract(epoch from now() - r.rate_from) else r.rate end,
  rate_rows = case when r.rate_from is null or ${isOld} then r.replayed + cardinality($2::uuid[]) else r.rate_rows end,
  rate_from = case when r.rate_from is null or ${isOld} then now() else r.rate_from end`;
