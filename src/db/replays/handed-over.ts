// Changes the deliveries of a page of a replay job: opens the next round of existing ones, and makes those that never were.
// Relays attempt them without a workflow (`pumped`), or the lane of their endpoint does. The statements of a job run one
// after the other, under the lock of its row.
import { deliveryRange, idOf, uuidOf } from '#domain/ids';
import { replayable } from '#domain/replays/replay';
import type { NeverAttempted } from './never-attempted.ts';
import type { HandedOver, Job } from './replay-job.ts';
import type { Querying } from './selection.ts';

export interface Due {
  deliveryId: string;
  /** Milliseconds from `now` of the job. */
  dueInMs: number;
}

/** Workflows of dead letters are told one after the other: each costs some 20 ms of CPU. */
const signalsEveryMs = 200;

interface Row {
  id: string;
  endpoint_id: string;
  parks: boolean;
  unblocks: boolean;
  signal_at: Date | null;
}

const toHandedOver = (row: Row): HandedOver => ({
  deliveryId: idOf('dlv', row.id),
  endpointId: idOf('ep', row.endpoint_id),
  parks: row.parks,
  unblocks: row.unblocks,
  signalAt: row.signal_at,
});

/** UUIDs that contain the given deliveries and their events. */
function boundsOf(ids: readonly string[]): { from: string; to: string } {
  const [lowest = '', highest = ''] = [ids.toSorted()[0], ids.toSorted().at(-1)];
  return { from: deliveryRange(lowest).from, to: deliveryRange(highest).to };
}

/**
 * Those that were changed since the job was created, are replayed already, or cannot be sent any more stay unchanged, and are
 * not returned. A replay by hand does the same in `db/deliveries/commands.ts`, but its workflow makes the attempts.
 */
export async function openNextRound(
  client: Querying,
  { replayId, now, selected }: Pick<Job, 'replayId' | 'now' | 'selected'>,
  due: Due[],
): Promise<HandedOver[]> {
  if (due.length === 0) return [];
  const { from, to } = boundsOf(due.map(({ deliveryId }) => deliveryId));
  // not prepared by name, so that the ids select the partitions
  const { rows } = await client.query<Row>({
    text: nextRound,
    values: [
      ...[due.map(({ deliveryId }) => uuidOf(deliveryId)), due.map(({ dueInMs }) => dueInMs), now, selected.asOf, replayId],
      ...[from, to, replayable, uuidOf(replayId), signalsEveryMs],
    ],
  });
  return rows.map(toHandedOver);
}

// As in a replay by hand: a delivery that blocked an ordered endpoint keeps its position and number, any other one goes to
// the end. `tells`: a workflow is open in which the dead letter waits.
const nextRound = `
  with due as (
    select * from unnest($1::uuid[], $2::float8[]) as i (id, due_in_ms)
  ), before as (
    select d.id, d.endpoint_id, i.due_in_ms, d.position, p.ordering, e.ordering_key, parks(p) as parks,
      p.ordering <> 'none' and p.on_dead_letter = 'block' and d.position is not null and d.status = 'dead_lettered' as blocked,
      d.status = 'dead_lettered' and not d.pumped as tells
    from due i join deliveries d on d.id = i.id join endpoints p on p.id = d.endpoint_id and p.deleted_at is null
      cross join lateral (select ordering_key, erased_at, recalled_at from events where id = d.event_id and id between $6 and $7 limit 1) e
    where d.id = any($1::uuid[]) and d.status = any($8) and d.updated_at <= $4::timestamptz and d.replay_id is distinct from $5 and e.erased_at is null and e.recalled_at is null
    order by d.id for update of d
  ), placed as materialized (
    select b.*, case when b.parks and not b.blocked then nextval('event_position') else b.position end as next_position,
      case when b.tells then greatest(statement_timestamp(), (select signals_until from replays where id = $9)) + b.nth * $10::float8 * interval '1 millisecond' end as signal_at
    from (select *, sum(tells::int) over (order by id) as nth from before order by position nulls first, id) b
  ), changed as (
    update deliveries d set status = case when b.parks then 'held' else 'pending' end, round = d.round + 1, attempts = 0, faults = 0,
      last_outcome = null, last_message = null, expires_at = null, replay_id = $5, hurried = false, batch_id = null, coalesce_key = null,
      next_attempt_at = $3::timestamptz + case when b.parks then 0 else b.due_in_ms end * interval '1 millisecond',
      pumped = true, leased_by = null, unsignalled_since = coalesce(b.signal_at, d.unsignalled_since), updated_at = now(),
      position = b.next_position, sequence = case when not b.parks or b.blocked then d.sequence end,
      lane_key = case when b.ordering = 'key' then b.ordering_key end
    from placed b where d.id = b.id and d.id = any($1::uuid[]) returning d.id
  )
  select b.id, b.endpoint_id, b.parks, b.blocked as unblocks, b.signal_at from placed b join changed c on c.id = b.id`;

/** Those of an event that was erased or has expired, and those that exist, are not made, and not returned. */
export async function createDeliveries(
  client: Querying,
  { replayId, now }: Pick<Job, 'replayId' | 'now'>,
  due: (Due & NeverAttempted)[],
): Promise<HandedOver[]> {
  if (due.length === 0) return [];
  const { from, to } = boundsOf(due.map(({ deliveryId }) => deliveryId));
  const { rows } = await client.query<Row>({
    text: missingOnes,
    values: [
      ...[due.map(({ deliveryId }) => uuidOf(deliveryId)), due.map(({ dueInMs }) => dueInMs), now, replayId, from, to],
      ...[due.map(({ eventId }) => uuidOf(eventId)), due.map(({ endpointId }) => uuidOf(endpointId))],
    ],
  });
  return rows.map(toHandedOver);
}

// They go to the end of an order, like replays.
const missingOnes = `
  with missing as (
    select i.id, i.event_id, i.endpoint_id, i.due_in_ms, e.tenant_id, e.type, e.expires_at, parks(p) as parks,
      case when p.ordering = 'key' then e.ordering_key end as lane_key, e.position, p.shape_id
    from unnest($1::uuid[], $2::float8[], $7::uuid[], $8::uuid[]) as i (id, due_in_ms, event_id, endpoint_id)
      join endpoints p on p.id = i.endpoint_id and p.deleted_at is null
      cross join lateral (select * from events where id = i.event_id and id between $5 and $6 limit 1) e
    where e.erased_at is null and e.recalled_at is null and coalesce(e.expires_at > now(), true) and e.tenant_id = p.tenant_id
  ), placed as materialized (
    select m.*, case when m.parks then nextval('event_position') end as next_position from (select * from missing order by position, id) m
  ), made as (
    insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, expires_at, status, next_attempt_at, position, lane_key, replay_id, pumped, own_workflow, shape_id)
    select id, event_id, endpoint_id, tenant_id, type, expires_at, case when parks then 'held' else 'pending' end,
      $3::timestamptz + case when parks then 0 else due_in_ms end * interval '1 millisecond', next_position, lane_key, $4, true, false, shape_id
    from placed order by id
    on conflict do nothing returning id
  )
  select p.id, p.endpoint_id, p.parks, false as unblocks, null as signal_at from placed p join made m on m.id = p.id`;
