// Commands on a delivery. Each is one conditional update of its row, which returns whether the
// command took effect and the row's status now.
import { type DeliveryStatus, type Obstacle, type Order, obeyedIn } from '#domain/delivery';
import { idOf, uuidOf } from '#domain/ids';
import { unverified } from '#domain/verification';
import { type Audit, audited } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';

export interface OrderResult {
  obeyed: boolean;
  status: DeliveryStatus;
  /** Number of commands that the delivery was given from outside its workflow; to be passed to `orderTold`. */
  orders: number;
  endpointId: string;
  /** The endpoint is ordered, and its lane was waiting for this delivery. */
  unblocks: boolean;
  /** Why the delivery cannot be sent now, although its status allows the command. */
  obstacle: Obstacle | null;
}

/**
 * Gives a delivery a command. Null: no such delivery. A command given twice (a replay: with the same `replayId`) takes
 * effect once and returns `obeyed` both times.
 *
 * A command from `outside` the workflow is counted until `orderTold` records that the workflow has it. The workflow's
 * echo of such a command (`echoOf`) gets no second audit entry. It is recognised once, and with `again` once more, if
 * the first time may have failed.
 */
export async function obeyOrder(
  db: Db,
  deliveryId: string,
  order: Order,
  from: 'outside' | 'workflow',
  audit?: Audit,
  again = false,
): Promise<OrderResult | null> {
  return audited(db, audit, async (client) => {
    const row = await change(client, deliveryId, order, from, again);
    if (!row) return { result: null, entry: null };
    const { endpoint_id, was, changed, heard, ...result } = row;
    const entry = { target: { kind: 'delivery', id: deliveryId }, before: { status: was }, after: { status: row.status } };
    return { result: { ...result, endpointId: idOf('ep', endpoint_id) }, entry: changed && !heard ? entry : null };
  });
}

function change(db: Querying, deliveryId: string, order: Order, from: 'outside' | 'workflow', again: boolean): Promise<OrderRow | null> {
  const values = [uuidOf(deliveryId), obeyedIn[order.kind], from === 'outside' ? 1 : 0];
  switch (order.kind) {
    case 'cancel':
      return one(db, 'order_cancel', cancel, values);
    case 'retry-now':
      return one(db, 'order_retry_now', retryNow, [...values, order.echoOf ?? null, again]);
    case 'replay':
      return one(db, 'order_replay', replay, [...values, order.replayId]);
    case 'release':
      return one(db, 'order_release', release, values);
  }
}

/** Records that the workflow has received the commands up to this one. */
export async function orderTold(db: Db, deliveryId: string, orders: number): Promise<void> {
  await db.query({
    name: 'order_told',
    text: 'update deliveries set orders_told = greatest(orders_told, $2) where id = $1',
    values: [uuidOf(deliveryId), orders],
  });
}

// The row that a command finds. `blocked`: it was given up and blocks an ordered endpoint. `unblocks`: it does so, or
// it is a head with a due time for which the lane waits. After the command the lane need not wait any more.
const before = `
  before as (
    select d.id, d.status, d.orders, d.echoes, d.replay_id, d.endpoint_id, d.lane_key, p.gate, p.gate_reason, p.on_dead_letter, p.deleted_at is null and e.erased_at is null as sendable, parks(p) as parks, p.ordering, d.position,
      p.ordering <> 'none' and p.on_dead_letter = 'block' and d.position is not null and d.status in ('dead_lettered', 'quarantined') as blocked,
      p.ordering <> 'none' and d.position is not null and case when d.status = 'held' then d.attempts > 0 or d.next_attempt_at > now()
        else p.on_dead_letter = 'block' and d.status in ('dead_lettered', 'quarantined') end as unblocks
    from deliveries d join endpoints p on p.id = d.endpoint_id left join events e on e.id = d.event_id where d.id = $1 for update of d)`;

const after = `
  select coalesce(c.status, b.status) as status, coalesce(c.orders, b.orders) as orders, b.endpoint_id, c.status is not null and b.unblocks as unblocks,
    b.status as was, c.status is not null as changed`;

const cancel = `
  with ${before}, changed as (
    update deliveries d set status = 'cancelled', next_attempt_at = null, orders = d.orders + $3, updated_at = now()
    from before b where d.id = $1 and b.status = any($2) returning d.status, d.orders)
  ${after}, c.status is not null or b.status = 'cancelled' as obeyed, null as obstacle, false as heard
  from before b left join changed c on true`;

// The numbers of the twenty latest commands. Commands on held deliveries are for the lane, and are echoed by no
// workflow.
const withEcho = '(coalesce(d.echoes, array[]::int[]) || (d.orders + 1))[greatest(1, coalesce(cardinality(d.echoes), 0) - 18):]';

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

// It changes something each time, so only its number tells an echo from a new command. A held delivery is sent before
// all others, whatever the endpoint's Retry-After.
const retryNow = `
  with ${before}, ${judged}, changed as (
    update deliveries d set next_attempt_at = now(), hurried = true, orders = d.orders + $3, updated_at = now(),
      echoes = case when $3 = 0 then array_replace(d.echoes, $4::int, -$4::int) when d.status = 'held' then d.echoes else ${withEcho} end
    from judged b where d.id = $1 and b.status = any($2) and b.obstacle is null returning d.status, d.orders)
  ${after}, c.status is not null as obeyed, b.obstacle, coalesce($4 = any(b.echoes) or $5::bool and -$4 = any(b.echoes), false) as heard
  from judged b left join changed c on true`;

// If its endpoint parks, the delivery is held and needs no workflow. A delivery that blocked keeps its position and
// number; any other goes to the end, as if it were new.
const parked = `
  status = case when b.parks then 'held' else 'retrying' end, next_attempt_at = now(), orders = d.orders + $3, updated_at = now(), batch_id = null,
  own_workflow = d.own_workflow or not b.parks,
  position = case when not b.parks or b.blocked then d.position else nextval('event_position') end,
  sequence = case when not b.parks or b.blocked then d.sequence end, coalesce_key = null,
  lane_key = case when b.ordering = 'key' then (select e.ordering_key from events e where e.id = d.event_id) end`;

// a delivery to a deleted endpoint stays unchanged: there is nowhere to send it; so does one of an erased event: there
// is nothing to send
const replay = `
  with ${before}, changed as (
    update deliveries d set round = d.round + 1, attempts = 0, faults = 0, expires_at = null, replay_id = $4, ${parked}
    from before b where d.id = $1 and b.status = any($2) and b.sendable and b.replay_id is distinct from $4 returning d.status, d.orders)
  ${after}, c.status is not null or b.replay_id is not distinct from $4 as obeyed, null as obstacle, false as heard
  from before b left join changed c on true`;

const release = `
  with ${before}, changed as (
    update deliveries d set faults = 0, echoes = case when $3 = 0 or b.parks then d.echoes else ${withEcho} end, ${parked}
    from before b where d.id = $1 and b.status = any($2) returning d.status, d.orders)
  ${after}, c.status is not null as obeyed, null as obstacle, false as heard
  from before b left join changed c on true`;

type Querying = Pick<Db, 'query'>;

/** `was`: its status before. `heard`: an echo, whose audit entry was written when the command was given. */
type OrderRow = Omit<OrderResult, 'endpointId'> & { endpoint_id: string; was: DeliveryStatus; changed: boolean; heard: boolean };

async function one(db: Querying, name: string, text: string, values: unknown[]): Promise<OrderRow | null> {
  const { rows } = await db.query<OrderRow>({ name, text, values });
  return rows[0] ?? null;
}
