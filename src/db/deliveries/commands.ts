// Commands on a delivery. Each is one conditional update of its row, which returns whether the
// command took effect and the row's status now.
import { type Command, type DeliveryStatus, type Obstacle, obeyedIn } from '#domain/deliveries/delivery';
import { unverified } from '#domain/endpoints/verification';
import { idOf, uuidOf } from '#domain/ids';
import { type Audit, audited } from '../audit/audit.ts';
import { pumpWord } from '../store/listen.ts';
import type { Db } from '../store/pool.ts';

export interface CommandResult {
  obeyed: boolean;
  status: DeliveryStatus;
  endpointId: string;
  /** The endpoint is ordered, and its lane was waiting for this delivery. */
  unblocks: boolean;
  /** Why the delivery cannot be sent now, although its status allows the command. */
  obstacle: Obstacle | null;
  /** Relays make its next attempt, and were notified that it is due. Its workflow needs no signal. */
  toldRelays: boolean;
}

/**
 * Gives a delivery a command, with its audit entry. Null: no such delivery. A command given twice (a replay: with the
 * same `replayId`) takes effect once and returns `obeyed` both times; a second retry-now makes the delivery due again.
 *
 * From `outside` the workflow the row is marked as unsignalled, until `markSignalled`. The workflow itself needs no
 * signal. A retry-now of a pumped delivery notifies the relays when it is committed, and marks nothing. A replay and a
 * release make the delivery its workflow's again: nobody attempts it while it has such a status.
 */
export async function obeyCommand(
  db: Db,
  deliveryId: string,
  command: Command,
  from: 'outside' | 'workflow',
  audit?: Audit,
): Promise<CommandResult | null> {
  return audited(db, audit, async (client) => {
    const row = await change(client, deliveryId, command, from);
    if (!row) return { result: null, entry: null };
    const { endpoint_id, was, changed, ...result } = row;
    const entry = { target: { kind: 'delivery', id: deliveryId }, before: { status: was }, after: { status: row.status } };
    return { result: { ...result, endpointId: idOf('ep', endpoint_id) }, entry: changed ? entry : null };
  });
}

/**
 * Its own workflow is open until its success is known there. A replay that it gets in that moment is a repeat: a batch of
 * Temporal that loses an answer signals again, and the second signal must not send what the first one has delivered.
 */
const replayedByWorkflow: readonly DeliveryStatus[] = ['dead_lettered'];

function change(db: Querying, deliveryId: string, command: Command, from: 'outside' | 'workflow'): Promise<CommandRow | null> {
  const statuses = from === 'workflow' && command.kind === 'replay' ? replayedByWorkflow : obeyedIn[command.kind];
  const values = [uuidOf(deliveryId), statuses, from === 'outside'];
  switch (command.kind) {
    case 'cancel':
      return one(db, 'command_cancel', cancel, values);
    case 'retry-now':
      return one(db, 'command_retry_now', retryNow, values);
    case 'replay':
      return one(db, 'command_replay', replay, [...values, command.replayId]);
    case 'release':
      return one(db, 'command_release', release, values);
  }
}

// The row that a command finds. `blocked`: it was given up and blocks an ordered endpoint. `unblocks`: it does so, or
// it is a head with a due time for which the lane waits. After the command the lane need not wait any more.
const before = `
  before as (
    select d.id, d.status, d.replay_id, d.endpoint_id, d.lane_key, d.pumped and d.status in ('pending', 'retrying') as pumped, p.gate, p.gate_reason, p.on_dead_letter, p.deleted_at is null and e.id is not null and e.erased_at is null and e.recalled_at is null as sendable, parks(p) as parks, p.ordering, d.position, p.shape_id,
      p.ordering <> 'none' and p.on_dead_letter = 'block' and d.position is not null and d.status in ('dead_lettered', 'quarantined') as blocked,
      p.ordering <> 'none' and d.position is not null and case when d.status = 'held' then d.attempts > 0 or d.next_attempt_at > now()
        else p.on_dead_letter = 'block' and d.status in ('dead_lettered', 'quarantined') end as unblocks
    from deliveries d join endpoints p on p.id = d.endpoint_id left join events e on e.id = d.event_id where d.id = $1 for update of d)`;

const after = `
  select coalesce(c.status, b.status) as status, b.endpoint_id, c.status is not null and b.unblocks as unblocks,
    b.status as was, c.status is not null as changed`;
const toldNobody = 'false as "toldRelays"';

// A time of the clock: each mark differs from the one before, so that a late `markSignalled` clears no newer one.
const marked = 'unsignalled_since = case when $3 then clock_timestamp() else d.unsignalled_since end, updated_at = now()';

const cancel = `
  with ${before}, changed as (
    update deliveries d set status = 'cancelled', next_attempt_at = null, ${marked}
    from before b where d.id = $1 and b.status = any($2) returning d.status)
  ${after}, c.status is not null or b.status = 'cancelled' as obeyed, null as obstacle, ${toldNobody}
  from before b left join changed c on true`;

// If the delivery cannot be sent now, nothing is changed: its gate is closed, or it is held and another one precedes it
// in its order.
const judged = `
  judged as (
    select b.*, case
      when b.status <> all($2) then null
      when b.gate = 'disabled' then 'disabled'
      when b.gate = 'held' then case b.gate_reason when '${unverified}' then '${unverified}' else 'paused' end
      when b.status <> 'held' or b.position is null or b.ordering = 'none' or b.ordering = 'key' and b.lane_key is null then null
      when b.on_dead_letter = 'block' and exists (
        select from deliveries o where o.endpoint_id = b.endpoint_id and o.status in ('dead_lettered', 'quarantined') and o.position is not null
          and (b.ordering = 'endpoint' or o.lane_key = b.lane_key)) then 'blocked_by_dead_letter'
      when exists (
        select from deliveries o where o.endpoint_id = b.endpoint_id and o.status = 'held' and o.position < b.position
          and (b.ordering = 'endpoint' or o.lane_key = b.lane_key)) then 'behind_others'
    end as obstacle from before b)`;

// A held delivery is sent before all others, whatever the endpoint's Retry-After. If a request is in flight, the
// attempt's record finds `hurried` and leaves the delivery due.
const retryNow = `
  with ${before}, ${judged}, changed as (
    update deliveries d set next_attempt_at = now(), hurried = true, updated_at = now(),
      unsignalled_since = case when $3 and not b.pumped then clock_timestamp() else d.unsignalled_since end
    from judged b where d.id = $1 and b.status = any($2) and b.obstacle is null returning d.status)
  ${after}, c.status is not null as obeyed, b.obstacle,
    case when c.status is not null and b.pumped then pg_notify('posthorn_outbox', '${pumpWord}') end is not null as "toldRelays"
  from judged b left join changed c on true`;

// If its endpoint parks, the delivery is held and needs no workflow. A delivery that blocked keeps its position and
// number; any other goes to the end, as if it were new.
const dueAgain = `
  next_attempt_at = now(), batch_id = null, pumped = false, leased_by = null, ${marked},
  own_workflow = d.own_workflow or not b.parks,
  position = case when not b.parks or b.blocked then d.position else nextval('event_position') end,
  sequence = case when not b.parks or b.blocked then d.sequence end, coalesce_key = null,
  lane_key = case when b.ordering = 'key' then (select e.ordering_key from events e where e.id = d.event_id) end`;

// The outcome of the round before is kept with its attempts. A delivery to a deleted endpoint stays unchanged: there is
// nowhere to send it; so does one of an erased event: there is
// nothing to send; and one of a recalled event.
const replay = `
  with ${before}, changed as (
    update deliveries d set status = case when b.parks then 'held' else 'pending' end, round = d.round + 1, attempts = 0, faults = 0,
      last_outcome = null, last_message = null, expires_at = null, replay_id = $4, ${dueAgain}
    from before b where d.id = $1 and b.status = any($2) and b.sendable and b.replay_id is distinct from $4 returning d.status)
  ${after}, c.status is not null or b.replay_id is not distinct from $4 as obeyed, null as obstacle, ${toldNobody}
  from before b left join changed c on true`;

// A delivery of which nothing was sent, because its body could not be made, is bound to its endpoint's shape of now.
const release = `
  with ${before}, changed as (
    update deliveries d set status = case when b.parks then 'held' when d.attempts = 0 then 'pending' else 'retrying' end, faults = 0,
      shape_id = case when d.faults > 0 and d.round = 1 and not exists (select from attempts a where a.delivery_id = d.id) then b.shape_id else d.shape_id end, ${dueAgain}
    from before b where d.id = $1 and b.status = any($2) returning d.status)
  ${after}, c.status is not null as obeyed, null as obstacle, ${toldNobody}
  from before b left join changed c on true`;

/** To be called right before a POST: the attempt is the one that a retry-now asked for. Later ones count as new. */
export async function takeHurry(db: Db, deliveryId: string): Promise<void> {
  await db.query({
    text: 'update deliveries set hurried = false where id = $1 and hurried',
    values: [uuidOf(deliveryId)],
  });
}

type Querying = Pick<Db, 'query'>;

/** `was`: its status before. */
type CommandRow = Omit<CommandResult, 'endpointId'> & { endpoint_id: string; was: DeliveryStatus; changed: boolean };

async function one(db: Querying, name: string, text: string, values: unknown[]): Promise<CommandRow | null> {
  const { rows } = await db.query<CommandRow>({ name, text, values });
  return rows[0] ?? null;
}
