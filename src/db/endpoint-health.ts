// What all processes together have counted of endpoints that did not accept something lately; and the one look, each second, at what others have found out.
// `updated_at` is when an endpoint last did not accept something: acceptances that are counted do not keep it suspect. `failing_since` is the first attempt since
// its last acceptance: an endpoint that is tried only now and then, and never gets a lane for that, is known by it to have failed for too long.
import type { PoolClient } from 'pg';
import { addSeen, type Failures, forgiven, noFailures, type Seen } from '../domain/circuit.ts';
import { idOf, uuidOf } from '../domain/ids.ts';
import { type Db, inTransaction } from './pool.ts';

const minuteMs = 60_000;
/** What it accepts has to be known for as long as it may be held against it that it accepted nothing. */
export const longestSuspectedMs = 30 * 86_400_000;

/** For how many milliseconds yet what an endpoint accepts is counted too: a minute from its last refusal on; much longer while it accepted nothing since. */
function suspectedMs({ notAccepted }: Failures, refusedMsAgo: number): number {
  return (notAccepted > 0 ? longestSuspectedMs : minuteMs) - refusedMsAgo;
}

export interface Counted {
  failures: Failures;
  /** For how many milliseconds yet. */
  suspectedMs: number;
  /** For how long it has refused everything, when that was just counted; null: it has not, or that was not asked. */
  failingForMs: number | null;
}

export interface Watched {
  /** Everybody parks for these because of their lane, whatever their settings say. */
  parking: Set<string>;
  /** Those that refused something within the time asked for. */
  suspects: Map<string, Counted>;
}

export async function readWatched(db: Db, withinMs: number): Promise<Watched> {
  const { rows } = await db.query<{ endpoint_id: string; counts: Failures | null; ms_ago: number }>({
    name: 'read_watched',
    text: `
      select endpoint_id, null::jsonb as counts, 0::float8 as ms_ago from lanes where parks
      union all
      select endpoint_id, counts, extract(epoch from now() - updated_at)::float8 * 1000
      from endpoint_health where updated_at > now() - $1 * interval '1 millisecond'`,
    values: [withinMs],
  });
  const watched: Watched = { parking: new Set(), suspects: new Map() };
  for (const { endpoint_id, counts, ms_ago: msAgo } of rows) {
    const endpointId = idOf('ep', endpoint_id);
    if (counts === null) watched.parking.add(endpointId);
    else watched.suspects.set(endpointId, { failures: counts, suspectedMs: suspectedMs(counts, msAgo), failingForMs: null });
  }
  return watched;
}

/**
 * Adds what was seen here to what all have counted. An endpoint that has refused nothing gets no row, and without one it is missing in the answer. Repeated
 * after a commit of which nobody heard it counts twice, which opens a lane a little early.
 */
export function countOutcomes(db: Db, seen: ReadonlyMap<string, readonly Seen[]>, nowMs: number): Promise<Map<string, Counted>> {
  return inTransaction(db, async (client) => {
    const counted = new Map<string, Counted>();
    const refusing = [...seen.keys()].filter((id) => seen.get(id)?.some(isRefused));
    for (const { endpointId, counts, refusedMsAgo } of await lockCounts(client, [...seen.keys()], refusing)) {
      const outcomes = seen.get(endpointId);
      if (!outcomes) continue;
      const failures = addSeen(counts, outcomes, nowMs);
      const suspected = suspectedMs(failures, outcomes.some(isRefused) ? 0 : refusedMsAgo);
      counted.set(endpointId, { failures, suspectedMs: suspected, failingForMs: null });
    }
    for (const [endpointId, failingForMs] of await updateCounts(client, counted, seen)) {
      const one = counted.get(endpointId);
      if (one) counted.set(endpointId, { ...one, failingForMs });
    }
    return counted;
  });
}

const isRefused = ({ sign }: Seen) => sign !== 'accepted';
const isAccepted = ({ sign }: Seen) => sign === 'accepted';

interface Locked {
  endpointId: string;
  counts: Failures;
  refusedMsAgo: number;
}

async function lockCounts(client: PoolClient, endpointIds: string[], refusing: string[]): Promise<Locked[]> {
  if (refusing.length > 0) {
    await client.query({
      name: 'begin_health',
      text: `
        insert into endpoint_health (endpoint_id, counts) select id, $2 from unnest($1::uuid[]) as id order by id
        on conflict do nothing`,
      values: [refusing.map(uuidOf), JSON.stringify(noFailures())],
    });
  }
  const { rows } = await client.query<{ endpoint_id: string; counts: Failures; ms_ago: number }>({
    name: 'lock_health',
    text: `
      select endpoint_id, counts, extract(epoch from now() - updated_at)::float8 * 1000 as ms_ago
      from endpoint_health where endpoint_id = any($1::uuid[]) order by endpoint_id for update`,
    values: [endpointIds.map(uuidOf)],
  });
  return rows.map((row) => ({ endpointId: idOf('ep', row.endpoint_id), counts: row.counts, refusedMsAgo: row.ms_ago }));
}

/** For how long each has accepted nothing. */
async function updateCounts(
  client: PoolClient,
  counted: ReadonlyMap<string, Counted>,
  seen: ReadonlyMap<string, readonly Seen[]>,
): Promise<[string, number | null][]> {
  const ids = [...counted.keys()];
  const those = (saw: (one: Seen) => boolean) => ids.filter((id) => seen.get(id)?.some(saw)).map(uuidOf);
  const { rows } = await client.query<{ endpoint_id: string; failing_for_ms: number | null }>({
    name: 'update_health',
    text: `
      update endpoint_health h set counts = i.counts, updated_at = case when i.id = any($3::uuid[]) then now() else h.updated_at end,
        failing_since = case
          when (i.counts->>'notAccepted')::int = 0 then null
          when i.id = any($4::uuid[]) then now()
          -- its lane has sent to it since, and knows better
          when exists (select from lanes l where l.endpoint_id = h.endpoint_id and l.ended_at > h.updated_at and l.failing_since is null) then now()
          else coalesce(h.failing_since, now()) end
      from unnest($1::uuid[], $2::jsonb[]) as i (id, counts) where h.endpoint_id = i.id
      returning h.endpoint_id, extract(epoch from now() - h.failing_since)::float8 * 1000 as failing_for_ms`,
    values: [ids.map(uuidOf), [...counted.values()].map(({ failures }) => JSON.stringify(failures)), those(isRefused), those(isAccepted)],
  });
  return rows.map((row) => [idOf('ep', row.endpoint_id), row.failing_for_ms]);
}

/**
 * Its lane has closed the circuit: nothing counts against the endpoint any more. What the lane leaves is which event types fail alone, and since when the endpoint
 * has accepted nothing.
 */
export async function forgiveHealth(db: Db, endpointId: string, failures: Failures, failingSinceMs: number | null): Promise<void> {
  const isWell = failingSinceMs === null && failures.types.length === 0;
  await db.query({
    name: isWell ? 'clear_health' : 'forgive_health',
    text: isWell
      ? 'delete from endpoint_health where endpoint_id = $1'
      : `
        insert into endpoint_health (endpoint_id, counts, failing_since) values ($1, $2, to_timestamp($3::float8 / 1000))
        on conflict (endpoint_id) do update set counts = excluded.counts, failing_since = excluded.failing_since, updated_at = now()`,
    values: isWell ? [uuidOf(endpointId)] : [uuidOf(endpointId), JSON.stringify(forgiven(failures)), failingSinceMs],
  });
}
