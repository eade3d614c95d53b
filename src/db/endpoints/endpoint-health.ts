// Counts the failures of endpoints over all processes, and reads once a second what the other
// processes have counted.
import type { PoolClient } from 'pg';
import { idOf, uuidOf } from '#domain/ids';
import { addSeen, type Failures, forgiven, noFailures, type Seen } from '#domain/lanes/circuit';
import { type Db, inTransaction } from '../store/pool.ts';
import type { AskedEndpoint } from './endpoint-to-send.ts';

const minuteMs = 60_000;
/**
 * The longest time for which it can count against an endpoint that it accepted nothing; acceptances are counted for as
 * long.
 */
export const longestSuspectedMs = 30 * 86_400_000;

/**
 * For how many ms acceptances of an endpoint are still counted: a minute from its last refusal, much longer while it
 * has accepted nothing since.
 */
function suspectedMs({ notAccepted }: Failures, refusedMsAgo: number): number {
  return (notAccepted > 0 ? longestSuspectedMs : minuteMs) - refusedMsAgo;
}

export interface Counted extends AskedEndpoint {
  failures: Failures;
  /** For how many ms its acceptances are still counted. */
  suspectedMs: number;
  /** For how many ms it has refused everything, if just counted; null: it has not, or this was not asked. */
  failingForMs: number | null;
}

/** Outcomes of one version of an endpoint's target. */
export interface SeenOf {
  targetVersion: number;
  seen: readonly Seen[];
}

export interface Watched {
  /** Endpoints for which everybody parks because of their lane, whatever their settings are. */
  parking: Set<string>;
  /** Endpoints that refused something within the given time. */
  suspects: Map<string, Counted>;
  /** Events that were recalled lately. */
  recalled: Set<string>;
}

export async function readWatched(db: Db, withinMs: number): Promise<Watched> {
  const { rows } = await db.query<{
    id: string;
    kind: 'lane' | 'suspect' | 'recall';
    target_version: number;
    counts: Failures | null;
    ms_ago: number;
  }>({
    name: 'read_watched',
    text: `
      select endpoint_id as id, 'lane' as kind, target_version, null::jsonb as counts, 0::float8 as ms_ago from lanes where parks
      union all
      select event_id, 'recall', 0, null, 0 from recalls where until > now()
      union all
      select endpoint_id, 'suspect', target_version, counts, extract(epoch from now() - updated_at)::float8 * 1000
      from endpoint_health where updated_at > now() - $1 * interval '1 millisecond'`,
    values: [withinMs],
  });
  const watched: Watched = { parking: new Set(), suspects: new Map(), recalled: new Set() };
  for (const { id, kind, target_version: targetVersion, counts, ms_ago: msAgo } of rows) {
    const endpointId = idOf('ep', id);
    if (kind === 'recall') watched.recalled.add(idOf('evt', id));
    else if (counts === null) watched.parking.add(endpointId);
    else
      watched.suspects.set(endpointId, {
        endpointId,
        targetVersion,
        failures: counts,
        suspectedMs: suspectedMs(counts, msAgo),
        failingForMs: null,
      });
  }
  return watched;
}

/**
 * Adds the outcomes of this process to the shared counts. If an endpoint's target has changed since, nothing is counted
 * for it. An endpoint that has refused nothing gets no row and is missing in the result. If the answer of a commit was
 * lost, a retry counts twice, which opens a lane a little early.
 *
 * `updated_at` is the endpoint's last refusal: acceptances do not keep it suspect. `failing_since` is its first attempt
 * since its last acceptance. It shows that an endpoint has failed for too long even if it is tried so rarely that it
 * never gets a lane.
 */
export function countOutcomes(db: Db, seen: ReadonlyMap<string, SeenOf>, nowMs: number): Promise<Map<string, Counted>> {
  return inTransaction(db, async (client) => {
    const counted = new Map<string, Counted>();
    for (const { endpointId, counts, refusedMsAgo } of await lockCounts(client, seen)) {
      const one = seen.get(endpointId);
      if (!one) continue;
      const failures = addSeen(counts, one.seen, nowMs);
      const suspected = suspectedMs(failures, one.seen.some(isRefused) ? 0 : refusedMsAgo);
      counted.set(endpointId, { endpointId, targetVersion: one.targetVersion, failures, suspectedMs: suspected, failingForMs: null });
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

/** Locks the counts that exist for the versions seen. */
async function lockCounts(client: PoolClient, seen: ReadonlyMap<string, SeenOf>): Promise<Locked[]> {
  const those = (ids: string[]) => [ids.map(uuidOf), ids.map((id) => seen.get(id)?.targetVersion)];
  const refusing = [...seen].filter(([, one]) => one.seen.some(isRefused)).map(([id]) => id);
  if (refusing.length > 0) {
    await client.query({
      name: 'begin_health',
      text: `
        insert into endpoint_health (endpoint_id, target_version, counts)
        select i.id, i.version, $3 from unnest($1::uuid[], $2::int[]) as i (id, version)
        where not exists (select from endpoints p where p.id = i.id and p.target_version > i.version) order by i.id
        on conflict (endpoint_id) do update set target_version = excluded.target_version, counts = excluded.counts, failing_since = null
        where endpoint_health.target_version < excluded.target_version`,
      values: [...those(refusing), JSON.stringify(noFailures())],
    });
  }
  const { rows } = await client.query<{ endpoint_id: string; counts: Failures; ms_ago: number }>({
    name: 'lock_health',
    text: `
      select h.endpoint_id, h.counts, extract(epoch from now() - h.updated_at)::float8 * 1000 as ms_ago
      from unnest($1::uuid[], $2::int[]) as i (id, version) join endpoint_health h on h.endpoint_id = i.id and h.target_version = i.version
      order by h.endpoint_id for update of h`,
    values: those([...seen.keys()]),
  });
  return rows.map((row) => ({ endpointId: idOf('ep', row.endpoint_id), counts: row.counts, refusedMsAgo: row.ms_ago }));
}

/** Writes the counts. Returns for how many ms each endpoint has accepted nothing. */
async function updateCounts(
  client: PoolClient,
  counted: ReadonlyMap<string, Counted>,
  seen: ReadonlyMap<string, SeenOf>,
): Promise<[string, number | null][]> {
  const ids = [...counted.keys()];
  const idsWith = (matches: (one: Seen) => boolean) => ids.filter((id) => seen.get(id)?.seen.some(matches)).map(uuidOf);
  const { rows } = await client.query<{ endpoint_id: string; failing_for_ms: number | null }>({
    name: 'update_health',
    text: `
      update endpoint_health h set counts = i.counts, updated_at = case when i.id = any($3::uuid[]) then now() else h.updated_at end,
        failing_since = case
          when (i.counts->>'notAccepted')::int = 0 then null
          when i.id = any($4::uuid[]) then now()
          -- its lane has sent to it since, and knows more
          when exists (select from lanes l where l.endpoint_id = h.endpoint_id and l.ended_at > h.updated_at and l.failing_since is null) then now()
          else coalesce(h.failing_since, now()) end
      from unnest($1::uuid[], $2::jsonb[]) as i (id, counts) where h.endpoint_id = i.id
      returning h.endpoint_id, extract(epoch from now() - h.failing_since)::float8 * 1000 as failing_for_ms`,
    values: [
      ids.map(uuidOf),
      [...counted.values()].map(({ failures }) => JSON.stringify(failures)),
      idsWith(isRefused),
      idsWith(isAccepted),
    ],
  });
  return rows.map((row) => [idOf('ep', row.endpoint_id), row.failing_for_ms]);
}

/**
 * Clears the counts of an endpoint whose lane has closed the circuit. The lane leaves only which event types fail
 * alone, and since when the endpoint has accepted nothing. If its target has changed since, the counts of the new one
 * stay.
 */
export async function forgiveHealth(db: Db, asked: AskedEndpoint, failures: Failures, failingSinceMs: number | null): Promise<void> {
  const { endpointId, targetVersion } = asked;
  const isWell = failingSinceMs === null && failures.types.length === 0;
  await db.query({
    name: isWell ? 'clear_health' : 'forgive_health',
    text: isWell
      ? 'delete from endpoint_health where endpoint_id = $1 and target_version <= $2'
      : `
        insert into endpoint_health (endpoint_id, target_version, counts, failing_since)
        select $1, $2, $3, to_timestamp($4::float8 / 1000) where not exists (select from endpoints where id = $1 and target_version > $2)
        on conflict (endpoint_id) do update set target_version = excluded.target_version, counts = excluded.counts, failing_since = excluded.failing_since, updated_at = now()
        where endpoint_health.target_version <= excluded.target_version`,
    values: [uuidOf(endpointId), targetVersion, ...(isWell ? [] : [JSON.stringify(forgiven(failures)), failingSinceMs])],
  });
}
