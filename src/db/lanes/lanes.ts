// Lanes as rows: open, wake, find overdue ones. Parking commits its rows and then reads the lane's
// state; resting commits the state and then looks for rows. One of the two always sees the other
// (docs/lanes.md).

import { idOf, uuidOf } from '#domain/ids';
import type { LaneReason, LaneState } from '#domain/lanes/lane';
import type { Db } from '../store/pool.ts';
import { urgency } from './lane-page.ts';

/**
 * The states of these lanes. Read them after the commit that parked rows for these endpoints. An endpoint that is
 * missing has no lane yet. A lane that is `blocked` but holds a hurried delivery is returned as `idle`, so that it is
 * woken.
 */
export async function readLaneStates(db: Db, endpointIds: string[]): Promise<Map<string, LaneState>> {
  const { rows } = await db.query<{ endpoint_id: string; state: LaneState }>({
    name: 'read_lane_states',
    text: `
      select endpoint_id, case when hurried and state = 'blocked' then 'idle' else state end as state from lanes where endpoint_id = any($1::uuid[])`,
    values: [endpointIds.map(uuidOf)],
  });
  return new Map(rows.map((row) => [idOf('ep', row.endpoint_id), row.state]));
}

/**
 * Opens the lanes of these endpoints and wakes those that are idle; from the commit on others park. Returns the lanes
 * that this call opened or woke, which have to be signalled: the compare-and-set of the state lets only one caller wake a
 * lane. A deleted endpoint gets no lane.
 *
 * `opened`: the circuit that the next drain finds, unless the lane has an open one (domain/lanes/circuit.ts). A new lane
 * rests until its first probe. It opens no lane if the endpoint's target has changed since that was learnt.
 */
export async function openLanes(db: Db, endpointIds: string[], reason: LaneReason, opened?: OpenedCircuit): Promise<string[]> {
  const { rows } = await db.query<{ endpoint_id: string }>({
    name: 'open_lanes',
    text: `
      with opened as (
        insert into lanes (endpoint_id, tenant_id, parks, reason, state, state_reason, due_at, ended_at, hurried, target_version, circuit, failing_since)
        select p.id, p.tenant_id, true, $2, case when rests then 'blocked' else 'awake' end, case when rests then 'circuit_open' end,
          case when rests then to_timestamp(($3::jsonb->>'probeAtMs')::float8 / 1000) else now() end, now() - interval '1 hour', hurries, p.target_version,
          $3::jsonb, case when $3::jsonb is not null then coalesce(h.failing_since, now()) end
        from endpoints p left join endpoint_health h on h.endpoint_id = p.id and h.target_version = p.target_version
        cross join lateral (select exists (select from deliveries d where d.endpoint_id = p.id and d.hurried) as hurries) d
        cross join lateral (select not hurries and coalesce($3::jsonb->>'state' = 'open', false) as rests) r
        where p.id = any($1::uuid[]) and p.deleted_at is null and ($3::jsonb is null or p.target_version = $4) order by p.id
        on conflict (endpoint_id) do update set parks = true, updated_at = now(),
          reason = case when lanes.reason = 'failing' then lanes.reason else excluded.reason end,
          -- state learnt from another version of the target is dropped, whichever of the two is later
          allowance = case when lanes.target_version >= excluded.target_version then lanes.allowance end,
          circuit = case when lanes.target_version > excluded.target_version or lanes.target_version = excluded.target_version and lanes.circuit->>'state' = 'open'
              then lanes.circuit
            when lanes.target_version = excluded.target_version then coalesce(excluded.circuit, lanes.circuit) else excluded.circuit end,
          failing_since = case when lanes.target_version > excluded.target_version then lanes.failing_since
            when lanes.target_version = excluded.target_version then coalesce(lanes.failing_since, excluded.failing_since) else excluded.failing_since end,
          target_version = greatest(lanes.target_version, excluded.target_version),
          due_at = case when lanes.state = 'idle' then now() else lanes.due_at end,
          state = case when lanes.state = 'idle' then 'awake' else lanes.state end
        returning endpoint_id, due_at = now() or xmax = 0 as woken -- xmax is 0 in a new row
      )
      select endpoint_id from opened where woken`,
    values: [endpointIds.map(uuidOf), reason, opened ? JSON.stringify(opened.circuit) : null, opened?.targetVersion ?? null],
  });
  return rows.map((row) => idOf('ep', row.endpoint_id));
}

/** An opened circuit, and the version of the endpoint's target it was learnt from. */
export interface OpenedCircuit {
  circuit: unknown;
  targetVersion: number;
}

/**
 * parked: a delivery was held for it · unblocked: the delivery that its order waited for is out of the way · changed: a
 * person changed the endpoint, which may work again.
 */
export type WakeReason = 'parked' | 'unblocked' | 'changed';

/** Wakes lanes that rest, if the reason applies to their state. Returns those that this call woke. */
export async function wakeLanes(db: Db, endpointIds: string[], reason: WakeReason): Promise<string[]> {
  const { rows } = await db.query<{ endpoint_id: string }>({
    name: 'wake_lanes',
    text: `
      update lanes set state = 'awake', due_at = now(), parks = parks or $2 = 'changed', updated_at = now(),
        -- the change may have fixed the endpoint: probe it at once
        circuit = case when $2 = 'changed' and circuit->>'state' = 'open' then jsonb_set(circuit, '{probeAtMs}', '0') else circuit end
      where endpoint_id = any($1::uuid[]) and (state = 'idle' or state = 'blocked' and (
        hurried or $2 = 'changed' or $2 = 'unblocked' and state_reason in ('head_in_backoff', 'blocked_by_dead_letter')))
      returning endpoint_id`,
    values: [endpointIds.map(uuidOf), reason],
  });
  return rows.map((row) => idOf('ep', row.endpoint_id));
}

/** A lane as Temporal knows it. */
export interface LaneRef {
  endpointId: string;
  tenantId: string;
  /** The producer's id of the tenant. */
  tenant: string;
  endpointHost: string;
}

export async function readLaneRefs(db: Db, endpointIds: string[]): Promise<LaneRef[]> {
  const { rows } = await db.query<RefRow>({
    name: 'read_lane_refs',
    text: `
      select p.id, p.tenant_id, t.external_id as tenant, p.host from endpoints p join tenants t on t.id = p.tenant_id where p.id = any($1::uuid[])`,
    values: [endpointIds.map(uuidOf)],
  });
  return rows.map(toRef);
}

/** Those of these endpoints' lanes that have nothing to do. */
export async function idleLanes(db: Db, endpointIds: string[]): Promise<LaneRef[]> {
  const { rows } = await db.query<RefRow>({
    name: 'idle_lanes',
    text: `
      select p.id, p.tenant_id, t.external_id as tenant, p.host
      from lanes l join endpoints p on p.id = l.endpoint_id join tenants t on t.id = p.tenant_id
      where l.endpoint_id = any($1::uuid[]) and l.state = 'idle'`,
    values: [endpointIds.map(uuidOf)],
  });
  return rows.map(toRef);
}

/** Of a lane `l`. `before`: a time, as SQL. */
export const isOverdueLane = (before: string) => `l.due_at < ${before} and coalesce(l.drain_seen, '-infinity') < ${before}`;

/**
 * Lanes that should have acted `afterMs` ago and whose drain has not renewed its lease since: their workflow is gone, or was
 * never signalled.
 */
export async function overdueLanes(db: Db, limit: number, afterMs: number): Promise<LaneRef[]> {
  const { rows } = await db.query<RefRow>({
    name: 'overdue_lanes',
    text: `
      select p.id, p.tenant_id, t.external_id as tenant, p.host
      from lanes l join endpoints p on p.id = l.endpoint_id join tenants t on t.id = p.tenant_id
      where ${isOverdueLane(`now() - $2::float8 * interval '1 millisecond'`)}
      order by random() limit $1`,
    values: [limit, afterMs],
  });
  return rows.map(toRef);
}

/**
 * Lanes that should have acted `afterMs` ago and that no drain owns: none was seen within `notSeenForMs`, or the last one
 * has ended. Tenants take turns. Leaves out the lanes of the endpoints `except`.
 */
export async function unownedLanes(
  db: Db,
  { limit, afterMs, notSeenForMs, except }: { limit: number; afterMs: number; notSeenForMs: number; except: string[] },
): Promise<LaneRef[]> {
  const { rows } = await db.query<RefRow>({
    name: 'unowned_lanes',
    text: `
      select p.id, p.tenant_id, t.external_id as tenant, p.host
      from (
        select l.endpoint_id, l.due_at, row_number() over (partition by l.tenant_id order by l.due_at) as turn from lanes l
        where l.due_at < now() - $2::float8 * interval '1 millisecond' and l.endpoint_id <> all($4::uuid[])
          and (l.ended_at is not null or coalesce(l.drain_seen, '-infinity') < now() - $3::float8 * interval '1 millisecond')
      ) l join endpoints p on p.id = l.endpoint_id join tenants t on t.id = p.tenant_id
      order by l.turn, l.due_at limit $1`,
    values: [limit, afterMs, notSeenForMs, except.map(uuidOf)],
  });
  return rows.map(toRef);
}

/**
 * Endpoints with held deliveries that are due and an idle lane, or none: a process crashed between parking and waking. And
 * those whose lane rests because their gate was not open, and is: a drain without a workflow crashed right after it had put
 * the lane to rest. A safety net, called once a minute.
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
      where h.endpoint_id is not null
        and (l.state is null or l.state = 'idle' or l.due_at is null and exists (select from endpoints p where p.id = h.endpoint_id and p.gate = 'open'))
        and exists (
          select from unnest(array[0, 1, 2]) as c (urgency) cross join deliveries d
          where d.endpoint_id = h.endpoint_id and d.status = 'held' and ${urgency} = c.urgency and d.next_attempt_at < now() - interval '10 seconds')
      limit $1`,
    values: [limit],
  });
  return rows.map((row) => idOf('ep', row.id));
}

export interface RefRow {
  id: string;
  tenant_id: string;
  tenant: string;
  host: string;
}

export function toRef({ id, tenant_id: tenantId, tenant, host }: RefRow): LaneRef {
  return { endpointId: idOf('ep', id), tenantId: idOf('tnt', tenantId), tenant, endpointHost: host };
}
