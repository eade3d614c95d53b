// Lanes as rows: opened, woken, looked after. Parking commits its rows and then reads the state; resting commits the state and then looks for
// rows: whoever sees both wakes the lane, and the compare-and-set lets one of them through (docs/lanes.md).

import { idOf, uuidOf } from '#domain/ids';
import type { LaneReason, LaneState } from '#domain/lane';
import type { Db } from '../store/pool.ts';
import { urgency } from './lane-page.ts';

/**
 * To be read after the commit that parked rows for these endpoints. An endpoint that is missing has no lane yet. One that is shut is to be woken like one that is idle
 * while something in it is to be sent before all others.
 */
export async function readLaneStates(db: Db, endpointIds: string[]): Promise<Map<string, LaneState>> {
  const { rows } = await db.query<{ endpoint_id: string; state: LaneState }>({
    name: 'read_lane_states',
    text: `
      select endpoint_id, case when hurried and state = 'shut' then 'idle' else state end as state from lanes where endpoint_id = any($1::uuid[])`,
    values: [endpointIds.map(uuidOf)],
  });
  return new Map(rows.map((row) => [idOf('ep', row.endpoint_id), row.state]));
}

/**
 * Makes the lanes of these endpoints, or has those that rest idle wake: from its commit on others park. Returns those that this woke, which are to be
 * signalled. A deleted endpoint gets none. `opened`: a circuit as the next drain is to find it, unless it has an open one (domain/circuit.ts). It opens no lane if the
 * endpoint does not lead any more where that was learnt.
 */
export async function openLanes(db: Db, endpointIds: string[], reason: LaneReason, opened?: OpenedCircuit): Promise<string[]> {
  const { rows } = await db.query<{ endpoint_id: string }>({
    name: 'open_lanes',
    text: `
      with opened as (
        insert into lanes (endpoint_id, tenant_id, parks, reason, state, due_at, ended_at, hurried, target_version, circuit, failing_since)
        select p.id, p.tenant_id, true, $2, 'awake', now(), now() - interval '1 hour',
          exists (select from deliveries d where d.endpoint_id = p.id and d.hurried), p.target_version, $3::jsonb,
          case when $3::jsonb is not null then coalesce(h.failing_since, now()) end
        from endpoints p left join endpoint_health h on h.endpoint_id = p.id and h.target_version = p.target_version
        where p.id = any($1::uuid[]) and p.deleted_at is null and ($3::jsonb is null or p.target_version = $4) order by p.id
        on conflict (endpoint_id) do update set parks = true, updated_at = now(),
          reason = case when lanes.reason = 'failing' then lanes.reason else excluded.reason end,
          -- what was learnt of another target is forgotten, whichever of the two is the later
          allowance = case when lanes.target_version >= excluded.target_version then lanes.allowance end,
          circuit = case when lanes.target_version > excluded.target_version or lanes.target_version = excluded.target_version and lanes.circuit->>'state' = 'open'
              then lanes.circuit
            when lanes.target_version = excluded.target_version then coalesce(excluded.circuit, lanes.circuit) else excluded.circuit end,
          failing_since = case when lanes.target_version > excluded.target_version then lanes.failing_since
            when lanes.target_version = excluded.target_version then coalesce(lanes.failing_since, excluded.failing_since) else excluded.failing_since end,
          target_version = greatest(lanes.target_version, excluded.target_version),
          due_at = case when lanes.state = 'idle' then now() else lanes.due_at end,
          state = case when lanes.state = 'idle' then 'awake' else lanes.state end,
          opened_at = case when lanes.parks then lanes.opened_at else now() end
        returning endpoint_id, due_at = now() as woken
      )
      select endpoint_id from opened where woken`,
    values: [endpointIds.map(uuidOf), reason, opened ? JSON.stringify(opened.circuit) : null, opened?.targetVersion ?? null],
  });
  return rows.map((row) => idOf('ep', row.endpoint_id));
}

/** A circuit that was opened, and the version of the endpoint's target that it was learnt of. */
export interface OpenedCircuit {
  circuit: unknown;
  targetVersion: number;
}

/** parked: something was held for it · unblocked: what its order waits for is out of the way · changed: by hand, and it may be well again. */
export type WakeReason = 'parked' | 'unblocked' | 'changed';

/** Has lanes that rest act again, as far as the reason is one for them. Returns those that this woke. */
export async function wakeLanes(db: Db, endpointIds: string[], reason: WakeReason): Promise<string[]> {
  const { rows } = await db.query<{ endpoint_id: string }>({
    name: 'wake_lanes',
    text: `
      update lanes set state = 'awake', due_at = now(), parks = parks or $2 = 'changed', updated_at = now(),
        -- what was changed may be what was wrong: it is probed at once
        circuit = case when $2 = 'changed' and circuit->>'state' = 'open' then jsonb_set(circuit, '{probeAtMs}', '0') else circuit end
      where endpoint_id = any($1::uuid[]) and (state = 'idle' or state = 'shut' and (
        hurried or $2 = 'changed' or $2 = 'unblocked' and state_reason in ('head_in_backoff', 'blocked_by_dead_letter')))
      returning endpoint_id`,
    values: [endpointIds.map(uuidOf), reason],
  });
  return rows.map((row) => idOf('ep', row.endpoint_id));
}

/** What Temporal is told of a lane. */
export interface LaneRef {
  endpointId: string;
  /** External id. */
  tenant: string;
  endpointHost: string;
}

export async function readLaneRefs(db: Db, endpointIds: string[]): Promise<LaneRef[]> {
  const { rows } = await db.query<RefRow>({
    name: 'read_lane_refs',
    text: `
      select p.id, t.external_id as tenant, p.host from endpoints p join tenants t on t.id = p.tenant_id where p.id = any($1::uuid[])`,
    values: [endpointIds.map(uuidOf)],
  });
  return rows.map(toRef);
}

/** Lanes that meant to act 10 s ago and have no drain that was seen since: their workflow is gone, or never heard of it. */
export async function overdueLanes(db: Db, limit: number): Promise<LaneRef[]> {
  const { rows } = await db.query<RefRow>({
    name: 'overdue_lanes',
    text: `
      select p.id, t.external_id as tenant, p.host
      from lanes l join endpoints p on p.id = l.endpoint_id join tenants t on t.id = p.tenant_id
      where l.due_at < now() - interval '10 seconds' and coalesce(l.drain_seen, '-infinity') < now() - interval '10 seconds'
      order by random() limit $1`,
    values: [limit],
  });
  return rows.map(toRef);
}

/**
 * Endpoints with held deliveries that are due and a lane that rests idle, or none: somebody died between parking and waking. A belt beside the braces
 * of who parks; asked for once a minute.
 */
export async function forgottenLanes(db: Db, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'forgotten_lanes',
    text: `
      with recursive holding as (
        (select endpoint_id from deliveries where status = 'held' order by endpoint_id limit 1)
        union all
        select (select d.endpoint_id from deliveries d where d.status = 'held' and d.endpoint_id > h.endpoint_id order by d.endpoint_id limit 1)
        from holding h where h.endpoint_id is not null
      )
      select h.endpoint_id as id from holding h left join lanes l using (endpoint_id)
      where h.endpoint_id is not null and (l.state is null or l.state = 'idle')
        and exists (
          select from unnest(array[0, 1, 2]) as c (urgency) cross join deliveries d
          where d.endpoint_id = h.endpoint_id and d.status = 'held' and ${urgency} = c.urgency and d.next_attempt_at < now() - interval '10 seconds')
      limit $1`,
    values: [limit],
  });
  return rows.map((row) => idOf('ep', row.id));
}

interface RefRow {
  id: string;
  tenant: string;
  host: string;
}

function toRef({ id, tenant, host }: RefRow): LaneRef {
  return { endpointId: idOf('ep', id), tenant, endpointHost: host };
}
