// Held deliveries of a lane as a whole: counts and times, and the changes made before anything is
// sent (expiry, coalescing, batches).
import { coalescedMessage } from '#domain/deliveries/delivery';
import { idOf, uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';
import { urgency } from './lane-page.ts';

/**
 * The lowest id among an endpoint's held deliveries, which is on the oldest day that holds some; null: none is held.
 */
export async function lowestHeld(db: Db, endpointId: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>({
    name: 'lowest_held',
    text: `select id from deliveries where endpoint_id = $1 and status = 'held' and status <> 'succeeded' order by id limit 1`,
    values: [uuidOf(endpointId)],
  });
  return rows[0] ? idOf('dlv', rows[0].id) : null;
}

/** The number of held deliveries, counted up to `most`. */
export async function countHeld(db: Db, endpointId: string, most: number): Promise<number> {
  const { rows } = await db.query<{ held: number }>({
    name: 'count_held',
    text: `
      select count(*)::int as held
      from (select from deliveries where endpoint_id = $1 and status = 'held' and status <> 'succeeded' limit $2) held`,
    values: [uuidOf(endpointId), most],
  });
  return rows[0]?.held ?? 0;
}

/**
 * Milliseconds until the next held delivery of an endpoint is due, whatever its position; null: none is held.
 * `keyless`: only those without an ordering key.
 */
export async function nextHeldInMs(db: Db, endpointId: string, keyless: boolean): Promise<number | null> {
  const { rows } = await db.query<{ in_ms: number | null }>({
    name: 'next_held_in_ms',
    text: `
      select extract(epoch from min(d.next_attempt_at) - now())::float8 * 1000 as in_ms
      from unnest(array[0, 1, 2]) as c (urgency) cross join lateral (
        select d.next_attempt_at from deliveries d
        where d.endpoint_id = $1 and d.status = 'held' and ${urgency} = c.urgency and (d.expires_at is null or d.expires_at > now())
          and (not $2 or d.lane_key is null)
        order by d.next_attempt_at limit 1
      ) d`,
    values: [uuidOf(endpointId), keyless],
  });
  return rows[0]?.in_ms ?? null;
}

/**
 * Whether a dead letter or quarantined delivery blocks an ordered endpoint; `keyed`: whether one blocks any of its
 * ordering keys.
 */
export async function isBlocked(db: Db, endpointId: string, keyed: boolean): Promise<boolean> {
  const { rows } = await db.query<{ blocked: boolean }>({
    name: 'is_blocked',
    text: `
      select exists (
        select from deliveries
        where endpoint_id = $1 and status in ('dead_lettered', 'quarantined') and position is not null and (not $2 or lane_key is not null)
      ) as blocked`,
    values: [uuidOf(endpointId), keyed],
  });
  return rows[0]?.blocked ?? false;
}

/** Of a delivery. */
export const isHeldPastExpiry = `status = 'held' and expires_at is not null and expires_at <= now()`;

/**
 * Expires a page of held deliveries, of all endpoints, that are past their expiry. Returns how many it found; fewer
 * than `limit`: none are left.
 */
export async function expireHeld(db: Db, limit: number): Promise<number> {
  const { rows } = await db.query<{ id: string }>({
    name: 'held_past_expiry',
    text: `select id from deliveries where ${isHeldPastExpiry} order by expires_at limit $1`,
    values: [limit],
  });
  if (rows.length === 0) return 0;
  // not prepared by name, so that the ids select the partitions
  await db.query({
    text: `
      update deliveries set status = 'expired', next_attempt_at = null, updated_at = now()
      where id = any($1::uuid[]) and status = 'held' and expires_at <= now()`,
    values: [rows.map(({ id }) => id)],
  });
  return rows.length;
}

/**
 * For each coalescing key whose window has ended: makes the newest delivery due and cancels the older ones. Deliveries
 * that are in flight (`except`) or were attempted before are left alone. Returns the time up to which this was done, as
 * PostgreSQL writes it: deliveries that fall due later were not looked at. Safe to repeat.
 */
export async function coalesceHeld(db: Db, endpointId: string, except: string[], lowest: string): Promise<string> {
  const { rows } = await db.query<{ as_of: string }>({
    name: 'coalesce_held',
    text: `
      with ended as (
        select distinct coalesce_key from deliveries d
        where endpoint_id = $1 and status = 'held' and ${urgency} = 0 and next_attempt_at <= now() and id >= $3 and id <> all($2::uuid[])
          and coalesce_key is not null and sequence is null and batch_id is null
      ), waiting as (
        select d.id, row_number() over (partition by d.coalesce_key order by d.position desc, d.id desc) as age
        from deliveries d join ended using (coalesce_key)
        where d.endpoint_id = $1 and d.status = 'held' and d.attempts = 0 and d.round = 1 and d.id >= $3 and d.id <> all($2::uuid[])
          and d.sequence is null and d.batch_id is null
      ), locked as (
        select d.id, w.age from deliveries d join waiting w on w.id = d.id where d.endpoint_id = $1 and d.status = 'held' order by d.id for update of d
      ), changed as (
      update deliveries d set status = case when l.age = 1 then 'held' else 'cancelled' end,
        next_attempt_at = case when l.age = 1 then least(d.next_attempt_at, now()) end,
        last_message = case when l.age = 1 then d.last_message else '${coalescedMessage}' end, updated_at = now()
      from locked l where d.id = l.id and (l.age > 1 or d.next_attempt_at > now())
      )
      select now()::text as as_of`,
    values: [uuidOf(endpointId), except.map(uuidOf), uuidOf(lowest)],
  });
  return rows[0]?.as_of ?? 'infinity';
}

/** Makes a batch of these deliveries. Returns the ids that are in it: those that were held and in no batch. */
export async function assignBatch(db: Db, endpointId: string, epoch: number, batchId: string, deliveryIds: string[]): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'assign_batch',
    text: `
      with locked as (
        select id from deliveries where id = any($4::uuid[]) and status = 'held' and batch_id is null
          and exists (select from lanes where endpoint_id = $1 and epoch = $2)
        order by id for update
      )
      update deliveries d set batch_id = $3 from locked l where d.id = l.id and d.id = any($4::uuid[]) returning d.id`,
    values: [uuidOf(endpointId), epoch, uuidOf(batchId), deliveryIds.map(uuidOf)],
  });
  const assigned = new Set(rows.map((row) => idOf('dlv', row.id)));
  return deliveryIds.filter((id) => assigned.has(id));
}

/** Removes held deliveries from their batch: their next request is a new one. */
export async function leaveBatch(db: Db, deliveryIds: string[]): Promise<void> {
  // not prepared by name, so that the ids select the partitions
  await db.query({
    text: `update deliveries set batch_id = null where id = any($1::uuid[]) and status = 'held'`,
    values: [deliveryIds.map(uuidOf)],
  });
}

/** Records that the workflow of a dead letter was started and waits for commands, so that the sweep does not signal it. */
export async function deadLetterSignalled(db: Db, deliveryId: string): Promise<void> {
  await db.query({
    text: `update deliveries set unsignalled_since = null where id = $1 and status = 'dead_lettered'`,
    values: [uuidOf(deliveryId)],
  });
}
