// Who owns a lane: a drain takes a new epoch, is seen under it, leaves what it has learned, and lays the lane to rest.
import { uuidOf } from '#domain/ids';
import type { LaneReason, LaneState, LaneWait } from '#domain/lane';
import type { Db } from '../store/pool.ts';

export interface TakenLane {
  epoch: number;
  /** Since when nobody posts for it: the drain before ended in order so long ago; null: one may still be posting. */
  restedMs: number | null;
  reason: LaneReason;
  /** Others park for it. */
  parks: boolean;
  /** Of the endpoint's target as it is; what was learnt of another version is not given. */
  targetVersion: number;
  /** As `saveLane` left them, domain/allowance.ts and domain/circuit.ts. */
  allowance: unknown;
  circuit: unknown;
  /** Unix milliseconds of the database's clock; null: it accepted something since. */
  failingSinceMs: number | null;
}

/** A drain makes itself the owner: whoever was it before gets no page any more. Null: there is no lane. */
export async function takeLane(db: Db, endpointId: string): Promise<TakenLane | null> {
  const { rows } = await db.query<TakenRow>({
    name: 'take_lane',
    text: `
      with before as (
        select l.endpoint_id, l.ended_at, p.target_version, coalesce(p.target_version = l.target_version, true) as known
        from lanes l left join endpoints p on p.id = l.endpoint_id where l.endpoint_id = $1 for update of l
      )
      update lanes l set epoch = l.epoch + 1, state = 'awake', state_reason = null, due_at = now(), drain_seen = now(), ended_at = null, updated_at = now(),
        allowance = case when b.known then l.allowance end, circuit = case when b.known then l.circuit end,
        failing_since = case when b.known then l.failing_since end, target_version = greatest(l.target_version, b.target_version)
      from before b where l.endpoint_id = $1
      returning l.epoch, extract(epoch from now() - b.ended_at)::float8 * 1000 as rested_ms, l.reason, l.parks, l.target_version, l.allowance, l.circuit,
        extract(epoch from l.failing_since)::float8 * 1000 as failing_since_ms`,
    values: [uuidOf(endpointId)],
  });
  const [row] = rows;
  if (!row) return null;
  const {
    epoch,
    rested_ms: restedMs,
    reason,
    parks,
    target_version: targetVersion,
    allowance,
    circuit,
    failing_since_ms: failingSinceMs,
  } = row;
  return { epoch, restedMs, reason, parks, targetVersion, allowance, circuit, failingSinceMs };
}

/** What a drain leaves for the next one. */
export interface LaneFacts {
  allowance: unknown;
  circuit: unknown;
  failingSinceMs: number | null;
  stateReason: LaneWait | null;
  /** Of which version of the endpoint's target they were learnt: what the row says of a later one stays. */
  targetVersion: number;
}

/**
 * A drain is seen, and says how things stand. False: another one owns the lane. `released`: it has let the lane go. If others park for it all the same, somebody
 * has opened it again since, and the circuit in the row stays.
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
  /** `awake`: it only ends here, and the next drain goes on at once. */
  state: LaneState;
  /** When it acts by itself; null: not. */
  dueInMs: number | null;
  /** Nobody posts for it any more: false while a drain before this one still may. */
  ended: boolean;
  /** Nothing is held and nothing is wrong: others need not park any more, unless the endpoint's settings say so. */
  close: boolean;
  /** As for `saveLane`. */
  released: boolean;
}

/** The drain has recorded all it sent and ends. False: another one owns the lane. Whoever rests looks afterwards for what would contradict it. */
export async function restLane(db: Db, endpointId: string, epoch: number, rest: Rest): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'rest_lane',
    text: `
      update lanes set drain_seen = now(), ended_at = case when $10 then now() end, ${learnt('$12', '$11')}, state_reason = $6, state = $7, due_at = now() + $8::float8 * interval '1 millisecond',
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

/** Others need not park for it any more, unless the endpoint's settings say so: the drain has caught up, and only ends what is left. */
export async function releaseLane(db: Db, endpointId: string, epoch: number): Promise<void> {
  await db.query({
    name: 'release_lane',
    text: `update lanes set parks = false, reason = 'backlog', updated_at = now() where endpoint_id = $1 and epoch = $2 and parks`,
    values: [uuidOf(endpointId), epoch],
  });
}

/** Others park for it again, until its circuit is closed. */
export async function reserveLane(db: Db, endpointId: string, epoch: number): Promise<void> {
  await db.query({
    name: 'reserve_lane',
    text: `update lanes set parks = true, reason = 'failing', updated_at = now() where endpoint_id = $1 and epoch = $2 and not parks`,
    values: [uuidOf(endpointId), epoch],
  });
}

/** The drain that has just laid it to rest found a contradiction: true when it may go on, false when somebody else was asked to. */
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
  epoch: number;
  rested_ms: number | null;
  reason: LaneReason;
  parks: boolean;
  target_version: number;
  allowance: unknown;
  circuit: unknown;
  failing_since_ms: number | null;
}
