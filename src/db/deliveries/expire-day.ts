// The deliveries of a day that is about to be dropped: what is unfinished expires, and its workflow and lane are told
// first.
import { type DeliveryStatus, obeyedIn } from '#domain/deliveries/delivery';
import { idOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

/** The range of ids of a day: from the first on, below the second. Both select its partition. */
export type IdsOfDay = [from: string, to: string];

/** No wait between two attempts is longer, so a workflow that was not called for so long is closed, or a dead letter's. */
const longestWait = `interval '5 days'`;

/**
 * Expires a page of unfinished deliveries, dead letters and quarantined ones too. Marks those whose workflow may be open as
 * unsignalled, for the sweep. Returns how many, 0: all are finished; and the endpoints whose lane may wait for some.
 */
export async function expireOfDay(
  db: Pick<Db, 'query'>,
  [from, to]: IdsOfDay,
  limit: number,
  deadLetterWindowMs: number,
): Promise<{ expired: number; lanes: string[] }> {
  const { rows } = await db.query<{ endpoint_id: string; was: DeliveryStatus }>({
    // not prepared by name, so that the ids select the partition
    text: `
      with page as (
        select id, status, updated_at from deliveries
        where id >= $1 and id < $2 and status = any($3) and status <> 'succeeded'
        order by id limit $4 for update
      )
      update deliveries d set status = 'expired', next_attempt_at = null, last_message = $6, updated_at = now(),
        unsignalled_since = case
          when d.own_workflow and (p.status in ('pending', 'retrying')
            or p.status <> 'quarantined' and p.updated_at > now() - $5::float8 * interval '1 millisecond' - ${longestWait})
          then clock_timestamp() else d.unsignalled_since end
      from page p where d.id = p.id and d.id >= $1 and d.id < $2
      returning d.endpoint_id, p.status as was`,
    values: [from, to, unfinished, limit, deadLetterWindowMs, 'it was not finished at the end of its retention time'],
  });
  const inLanes = rows.filter(({ was }) => was !== 'pending' && was !== 'retrying');
  return { expired: rows.length, lanes: [...new Set(inLanes.map((row) => idOf('ep', row.endpoint_id)))] };
}

const unfinished: readonly DeliveryStatus[] = obeyedIn.cancel;

/** Whether the workflow of a delivery of this day is yet to be signalled. */
export async function hasUnsignalled(db: Pick<Db, 'query'>, [from, to]: IdsOfDay): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>({
    text: 'select exists (select from deliveries where id >= $1 and id < $2 and unsignalled_since is not null) as found',
    values: [from, to],
  });
  return rows[0]?.found ?? false;
}
