// Ownership of a lane: a drain takes a new epoch, renews its lease, saves its state for the next
// drain, and puts the lane to rest. Under an older epoch nothing is changed.
import { idOf, uuidOf } from '#domain/ids';
import type { LaneReason, LaneState, LaneWait } from '#domain/lanes/lane';
import type { Db } from '../store/pool.ts';

export interface TakenLane {
  tenantId: string;
  epoch: number;
  /**
   * Milliseconds since the drain before ended properly and nobody sends for the lane; null: one may still be sending.
   */
  restedMs: number | null;
  reason: LaneReason;
  /** Other processes park deliveries for the lane. */
  parks: boolean;
  /** Version of the endpoint's target now. State learnt from another version is not returned. */
  targetVersion: number;
  /** As `saveLane` stored them (domain/lanes). */
  allowance: unknown;
  circuit: unknown;
  /** Unix milliseconds by the database's clock; null: the endpoint has accepted something since. */
  failingSinceMs: number | null;
}

/** A lane is taken only if no drain owns it that was seen within `notSeenForMs`; `isDue`: and only if it is due. */
export interface TakeIf {
  notSeenForMs: number;
  isDue: boolean;
}

/**
 * Makes a drain the owner of the lane; the drain before it gets no more pages. Null: there is no lane, or it is not as
 * `only` says.
 */
export async function takeLane(db: Db, endpointId: string, only?: TakeIf): Promise<TakenLane | null> {
  const { rows } = await db.query<TakenRow>({
    name: 'take_lane',
    text: `
      with before as (
        select l.endpoint_id, l.ended_at, p.target_version, coalesce(p.target_version = l.target_version, true) as known
        from lanes l left join endpoints p on p.id = l.endpoint_id
        where l.endpoint_id = $1
          and ($2::float8 is null or l.ended_at is not null or coalesce(l.drain_seen, '-infinity') < now() - $2 * interval '1 millisecond')
          and ($3 is not true or l.due_at <= now())
        for update of l
      )
      update lanes l set epoch = l.epoch + 1, state = 'awake', state_reason = null, due_at = now(), drain_seen = now(), ended_at = null, updated_at = now(),
        allowance = case when b.known then l.allowance end, circuit = case when b.known then l.circuit end,
        failing_since = case when b.known then l.failing_since end, target_version = greatest(l.target_version, b.target_version)
      from before b where l.endpoint_id = $1
      returning l.tenant_id, l.epoch, extract(epoch from now() - b.ended_at)::float8 * 1000 as rested_ms, l.reason, l.parks, l.target_version, l.allowance, l.circuit,
        extract(epoch from l.failing_since)::float8 * 1000 as failing_since_ms`,
    values: [uuidOf(endpointId), only?.notSeenForMs ?? null, only?.isDue ?? null],
  });
  const [row] = rows;
  if (!row) return null;
  return {
    tenantId: idOf('tnt', row.tenant_id),
    epoch: row.epoch,
    restedMs: row.rested_ms,
    reason: row.reason,
    parks: row.parks,
    targetVersion: row.target_version,
    allowance: row.allowance,
    circuit: row.circuit,
    failingSinceMs: row.failing_since_ms,
  };
}

/** The state that a drain saves for the next one. */
export interface LaneFacts {
  allowance: unknown;
  circuit: unknown;
  failingSinceMs: number | null;
  stateReason: LaneWait | null;
  /**
   * The version of the endpoint's target that this state was learnt from. If the row has state of a later version, that
   * is kept.
   */
  targetVersion: number;
}

/**
 * Renews the drain's lease and saves its state. False: another drain owns the lane. `released`: this drain has stopped
 * the parking. If others park all the same, another process has opened the lane again since, and the circuit in the row
 * is kept.
 */
export async function saveLane(db: Db, endpointId: string, epoch: number, facts: LaneFacts, released: boolean): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'save_lane',
    text: `
      update lanes set drain_seen = now(), due_at = now(), ${learnt('$8', '$7')}, state_reason = $6, updated_at = now()
      where endpoint_id = $1 and epoch = $2`,
    values: [uuidOf(endpointId), epoch, ...factValues(facts), released, facts.targetVersion],
  });
  return rowCount === 1;
}

export interface Rest extends LaneFacts {
  /** `awake`: only this drain ends; the next one continues at once. */
  state: LaneState;
  /** Milliseconds until the lane acts without being woken; null: it does not. */
  dueInMs: number | null;
  /** Nobody sends for the lane any more; false: a drain before this one still may, but no drain owns the lane. */
  ended: boolean;
  /** Nothing is held and nothing is wrong: others can stop parking, unless the endpoint's settings require a lane. */
  close: boolean;
  /** As for `saveLane`. */
  released: boolean;
}

/**
 * Puts the lane to rest after the drain has recorded everything it sent. False: another drain owns the lane. Afterwards
 * the caller has to look for rows that contradict this.
 */
export async function restLane(db: Db, endpointId: string, epoch: number, rest: Rest): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'rest_lane',
    text: `
      update lanes set drain_seen = case when $10 then now() end, ended_at = case when $10 then now() end, ${learnt('$12', '$11')}, state_reason = $6, state = $7, due_at = now() + $8::float8 * interval '1 millisecond',
        hurried = hurried and $7 = 'awake', parks = parks and ($11 or not $9), reason = case when $9 and not ($11 and parks) then 'backlog' else reason end, updated_at = now()
      where endpoint_id = $1 and epoch = $2`,
    values: [
      uuidOf(endpointId),
      epoch,
      ...factValues(rest),
      rest.state,
      rest.dueInMs,
      rest.close,
      rest.ended,
      rest.released,
      rest.targetVersion,
    ],
  });
  return rowCount === 1;
}

/**
 * Stops the parking, unless the endpoint's settings require a lane: the drain has caught up and only finishes what is
 * left.
 */
export async function releaseLane(db: Db, endpointId: string, epoch: number): Promise<void> {
  await db.query({
    name: 'release_lane',
    text: `update lanes set parks = false, reason = 'backlog', updated_at = now() where endpoint_id = $1 and epoch = $2 and parks`,
    values: [uuidOf(endpointId), epoch],
  });
}

/** Makes others park for the lane again, until its circuit is closed. */
export async function reserveLane(db: Db, endpointId: string, epoch: number): Promise<void> {
  await db.query({
    name: 'reserve_lane',
    text: `update lanes set parks = true, reason = 'failing', updated_at = now() where endpoint_id = $1 and epoch = $2 and not parks`,
    values: [uuidOf(endpointId), epoch],
  });
}

/**
 * Wakes the lane that this drain has just put to rest, because a later look contradicted that. True: this drain may
 * continue; false: another drain was woken already.
 */
export async function resumeRested(db: Db, endpointId: string, epoch: number): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'resume_rested',
    text: `
      update lanes set state = 'awake', due_at = now(), ended_at = null, parks = true, drain_seen = now()
      where endpoint_id = $1 and epoch = $2 and state <> 'awake'`,
    values: [uuidOf(endpointId), epoch],
  });
  return rowCount === 1;
}

export async function deleteLane(db: Db, endpointId: string, epoch: number): Promise<void> {
  await db.query({
    name: 'delete_lane',
    text: 'delete from lanes where endpoint_id = $1 and epoch = $2',
    values: [uuidOf(endpointId), epoch],
  });
}

const learnt = (version: '$8' | '$12', released: '$7' | '$11') => `
  allowance = case when target_version > ${version} then allowance else $3 end,
  circuit = case when target_version > ${version} or ${released} and parks then circuit else $4 end,
  failing_since = case when target_version > ${version} or ${released} and parks then failing_since else to_timestamp($5::float8 / 1000) end,
  target_version = greatest(target_version, ${version})`;

function factValues({ allowance, circuit, failingSinceMs, stateReason }: LaneFacts): unknown[] {
  const json = (value: unknown) => (value == null ? null : JSON.stringify(value));
  return [json(allowance), json(circuit), failingSinceMs, stateReason];
}

interface TakenRow {
  tenant_id: string;
  epoch: number;
  rested_ms: number | null;
  reason: LaneReason;
  parks: boolean;
  target_version: number;
  allowance: unknown;
  circuit: unknown;
  failing_since_ms: number | null;
}
