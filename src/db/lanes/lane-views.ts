// Reads a lane for people, and the sequence numbers of what it has sent. Every query reads a
// bounded number of rows.
import type { Gate } from '#domain/endpoints/endpoint';
import { uuidOf } from '#domain/ids';
import type { LaneReason, LaneState, LaneWait } from '#domain/lanes/lane';
import type { Batch, Ordering, RateLimit } from '#domain/lanes/lane-settings';
import type { Db } from '../store/pool.ts';

export const mostHeldCounted = 100_000;

/** An endpoint, its lane if it has one, and its held deliveries. */
export interface LaneRecord {
  gate: Gate;
  gateReason: string | null;
  rateLimit: RateLimit | null;
  tenantRateLimit: RateLimit | null;
  ordering: Ordering;
  batch: Batch | null;
  coalesceMs: number | null;
  /** The endpoint's Retry-After has not passed yet. */
  asked: boolean;
  lane: {
    parks: boolean;
    reason: LaneReason;
    state: LaneState;
    waitingFor: LaneWait | null;
    dueAt: Date | null;
    /** As drains save them. */
    allowance: unknown;
    circuit: unknown;
    failingSince: Date | null;
  } | null;
  /** Counted up to `mostHeldCounted` + 1. */
  held: number;
  oldestHeldAt: Date | null;
  oldestHeldAgeMs: number | null;
}

/** Null: no such endpoint. */
export async function readLane(db: Db, endpointId: string): Promise<LaneRecord | null> {
  const { rows } = await db.query<LaneRow>({
    name: 'read_lane',
    text: `
      select p.gate, p.gate_reason, p.rate_limit, t.rate_limit as tenant_rate_limit, p.ordering, p.batch, p.coalesce_ms, coalesce(p.not_before > now(), false) as asked,
        l.parks, l.reason, l.state, l.state_reason, l.due_at, l.allowance, l.circuit, l.failing_since,
        (select count(*)::int from (select from deliveries where endpoint_id = $1 and status = 'held' limit $2) h) as held,
        o.created_at as oldest_at, extract(epoch from now() - o.created_at)::float8 * 1000 as oldest_ms
      from endpoints p join tenants t on t.id = p.tenant_id left join lanes l on l.endpoint_id = p.id
      left join lateral (
        select created_at from deliveries where endpoint_id = $1 and status = 'held' and status <> 'succeeded' order by id limit 1
      ) o on true
      where p.id = $1 and p.deleted_at is null`,
    values: [uuidOf(endpointId), mostHeldCounted + 1],
  });
  return rows[0] ? toRecord(rows[0]) : null;
}

interface LaneRow {
  gate: Gate;
  gate_reason: string | null;
  rate_limit: RateLimit | null;
  tenant_rate_limit: RateLimit | null;
  ordering: Ordering;
  batch: Batch | null;
  coalesce_ms: number | null;
  asked: boolean;
  parks: boolean | null;
  reason: LaneReason | null;
  state: LaneState | null;
  state_reason: LaneWait | null;
  due_at: Date | null;
  allowance: unknown;
  circuit: unknown;
  failing_since: Date | null;
  held: number;
  oldest_at: Date | null;
  oldest_ms: number | null;
}

function toRecord(row: LaneRow): LaneRecord {
  const { parks, reason, state, state_reason: waitingFor, due_at: dueAt, allowance, circuit, failing_since: failingSince } = row;
  return {
    gate: row.gate,
    gateReason: row.gate_reason,
    rateLimit: row.rate_limit,
    tenantRateLimit: row.tenant_rate_limit,
    ordering: row.ordering,
    batch: row.batch,
    coalesceMs: row.coalesce_ms,
    asked: row.asked,
    lane:
      parks === null || reason === null || state === null
        ? null
        : { parks, reason, state, waitingFor, dueAt, allowance, circuit, failingSince },
    held: row.held,
    oldestHeldAt: row.oldest_at,
    oldestHeldAgeMs: row.oldest_ms === null ? null : Math.max(0, Math.round(row.oldest_ms)),
  };
}

/** Sequence numbers of an ordered endpoint, or of one of its keys. */
export interface SequenceRecord {
  lastSent: number | null;
  /** Accepted numbers among the last 10,000 given, highest first. */
  accepted: number[];
  /** The lowest number that is not accepted yet and still retried. */
  waiting: number | null;
  /** Numbers below this one are unknown: their deliveries may have been deleted. */
  lowest: number;
}

const numbersRead = 10_000;

/** `orderingKey` null: the endpoint as a whole. */
export async function readSequence(db: Db, endpointId: string, orderingKey: string | null): Promise<SequenceRecord> {
  const { rows } = await db.query<SequenceRow>({
    // not prepared by name: planned with its values, the condition on the key matches the index
    text: `
      with numbered as materialized (
        select sequence, status from deliveries
        where endpoint_id = $1 and sequence is not null and ($2::text is null and lane_key is null or lane_key = $2)
        -- all rows have the same lane_key: naming it lets the index return them in order, also where it is null
        order by lane_key desc, sequence desc limit $3
      )
      select (select last from lane_sequences where endpoint_id = $1 and key = coalesce($2, '')) as last_sent,
        array(select sequence from numbered where status = 'succeeded' order by sequence desc) as accepted,
        (select min(sequence) from numbered where status in ('held', 'pending', 'retrying')) as waiting,
        case when (select count(*) from numbered) < $3 and p.created_at > now() - interval '45 days' then 1
          else (select coalesce(min(sequence), 1) from numbered) end as lowest
      from endpoints p where p.id = $1`,
    values: [uuidOf(endpointId), orderingKey, numbersRead],
  });
  const { last_sent: lastSent = null, accepted = [], waiting = null, lowest = 1 } = rows[0] ?? {};
  return { lastSent, accepted: accepted.map(Number), waiting, lowest };
}

interface SequenceRow {
  last_sent: number | null;
  accepted: (number | string)[];
  waiting: number | null;
  lowest: number;
}
