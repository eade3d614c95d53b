// Numbers of missed deliveries: each gets the next one when a reader first sees it, under a lock on the list of its
// endpoint. So a late commit gets a number that no reader has passed (docs/decisions/0044).
import { firstUuidAt, idOf, uuidOf } from '#domain/ids';
import { missedStatuses } from '#domain/views/missed';
import { type Db, inTransaction } from '../store/pool.ts';

type Querying = Pick<Db, 'query'>;

const numberedAtOnce = 500;
const dayMs = 86_400_000;
/**
 * A statement that looks at every day takes long to plan, and readers poll. Nearly all deliveries are missed soon after
 * their event; the others get their number that much later, and nothing is lost by that.
 */
const recentMs = 3 * dayMs;
const allDaysEvery = `interval '10 minutes'`;

/** Literal, because the index has the same condition. */
export const listedStatuses = missedStatuses.map((status) => `'${status}'`).join(', ');

export interface MissedList {
  /** The last number given. A cursor beyond it is none of this list. */
  last: number;
  /** Everything up to this number was acknowledged. */
  acked: number;
  /** All days are to be searched. */
  isDue: boolean;
}

export async function readMissedList(db: Querying, endpointId: string): Promise<MissedList> {
  const { rows } = await db.query<{ last: number; acked: number; is_due: boolean }>({
    name: 'read_missed_list',
    text: `
      select last, acked, coalesce(scanned_at < now() - ${allDaysEvery}, true) as is_due from missed_lists where endpoint_id = $1`,
    values: [uuidOf(endpointId)],
  });
  const [row] = rows;
  return row ? { last: row.last, acked: row.acked, isDue: row.is_due } : { last: 0, acked: 0, isDue: true };
}

/**
 * Gives the next numbers to deliveries of the endpoint that have none, in the order in which their events were accepted; at
 * most 500. Readers take turns. A row that is being changed is left for the next reader.
 */
export async function numberMissed(db: Db, endpointId: string): Promise<void> {
  const { isDue } = await readMissedList(db, endpointId);
  const from = isDue ? firstUuidAt(0) : firstUuidAt(Date.now() - recentMs);
  if (!isDue && (await unnumbered(db, endpointId, from, '')).length === 0) return;
  await inTransaction(db, async (client) => {
    const { rows: lists } = await client.query<{ last: number }>({
      name: 'lock_missed_list',
      text: `
        insert into missed_lists as m (endpoint_id, tenant_id) select id, tenant_id from endpoints where id = $1
        on conflict (endpoint_id) do update set last = m.last returning last`,
      values: [uuidOf(endpointId)],
    });
    const ids = await unnumbered(client, endpointId, from, 'for update skip locked');
    if (lists[0] && ids.length > 0) await giveNumbers(client, endpointId, ids, lists[0].last);
    if (!isDue || ids.length === numberedAtOnce) return;
    await client.query({
      name: 'missed_list_scanned',
      text: 'update missed_lists set scanned_at = now() where endpoint_id = $1',
      values: [uuidOf(endpointId)],
    });
  });
}

async function unnumbered(db: Querying, endpointId: string, from: string, locking: '' | 'for update skip locked'): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    // not prepared by name, so that the bounds select the partitions
    text: `
      select id from deliveries
      where endpoint_id = $1 and id >= $2 and id < $3 and missed_number is null and status in (${listedStatuses})
      order by id limit $4 ${locking}`,
    values: [uuidOf(endpointId), from, firstUuidAt(Date.now() + dayMs), numberedAtOnce],
  });
  return rows.map(({ id }) => idOf('dlv', id));
}

/** Exported for the test of the partitions that it plans. The deliveries are locked. `last`: the last number given. */
export async function giveNumbers(db: Querying, endpointId: string, deliveryIds: string[], last: number): Promise<void> {
  await db.query({
    // not prepared by name, so that the ids select the partitions
    text: `
      with numbered as (
        select d.id, $2::bigint + row_number() over (order by e.position, d.id) as number
        from deliveries d cross join lateral (
          select position from events where id = d.event_id and id between $3 and $4 limit 1
        ) e
        where d.id = any($1::uuid[]) and d.missed_number is null
      ), given as (
        update deliveries d set missed_number = n.number from numbered n where d.id = n.id and d.id = any($1::uuid[])
      ), listed as (
        insert into missed_deliveries (endpoint_id, number, delivery_id) select $5, number, id from numbered
      )
      update missed_lists set last = $2 + (select count(*) from numbered) where endpoint_id = $5`,
    values: [deliveryIds.map(uuidOf), last, ...eventBounds(deliveryIds), uuidOf(endpointId)],
  });
}

/** The range of ids that contains the events of these deliveries: an event has the upper half of their ids. */
export function eventBounds(deliveryIds: string[]): [from: string, to: string] {
  const upper = deliveryIds.map((id) => uuidOf(id).slice(0, 16)).toSorted();
  return [`${upper[0] ?? ''}${'0'.repeat(16)}`, `${upper.at(-1) ?? ''}${'f'.repeat(16)}`];
}

/** A number given, whose delivery may have left the list since. */
export interface Numbered {
  number: number;
  deliveryId: string;
}

/** The next numbers after `after`, up to `upTo`. */
export async function readNumbers(
  db: Querying,
  endpointId: string,
  after: number,
  upTo: number | null,
  limit: number,
): Promise<Numbered[]> {
  const { rows } = await db.query<{ number: number; id: string }>({
    name: 'read_missed_numbers',
    text: `
      select number, delivery_id as id from missed_deliveries
      where endpoint_id = $1 and number > $2 and number <= coalesce($3, 9223372036854775807)
      order by number limit $4`,
    values: [uuidOf(endpointId), after, upTo, limit],
  });
  return rows.map(({ number, id }) => ({ number, deliveryId: idOf('dlv', id) }));
}

/** Deletes numbers whose deliveries have left the list: they never return under the same number. */
export async function forgetNumbers(db: Querying, endpointId: string, numbers: number[]): Promise<void> {
  if (numbers.length === 0) return;
  await db.query({
    name: 'forget_missed_numbers',
    text: 'delete from missed_deliveries where endpoint_id = $1 and number = any($2::bigint[])',
    values: [uuidOf(endpointId), numbers],
  });
}
