// What is said of deliveries beside their own rows: the producer's ids of their events, and the dispatches that cover those.
import { idOf } from '../domain/ids.ts';
import type { Db } from './pool.ts';

export interface Surroundings {
  /** The producer's id of the event; null: the event is gone. */
  event: string | null;
  /** Null: not asked for, none yet, or forgotten since. */
  dispatchId: string | null;
}

// A dispatch is made shortly after its events, so it is among the first whose ids are not older than theirs. Its first and last event stand in its row;
// its array lies elsewhere and is read only where they say that it may be the one. An event in the outbox has none, and of one that is older
// than all the oldest dispatches cover nothing is known any more.
const coveringDispatch = `
  case when v.wanted and not exists (select from outbox o where o.event_id = v.event_id)
    and v.event_id >= (select first_event from (select first_event from dispatches order by id limit 500) oldest order by first_event limit 1)
  then (
    select p.id from (
      select id, first_event, last_event, event_ids from dispatches
      where id >= (left(v.event_id::text, 13) || '-0000-0000-000000000000')::uuid order by id limit 500
    ) p
    where p.first_event <= v.event_id and p.last_event >= v.event_id and p.event_ids @> array[v.event_id] limit 1
  ) end`;

/** By the event's UUID, as PostgreSQL writes it. The dispatch is looked for only where a delivery has no workflow of its own. */
export async function surroundingsOf(
  db: Db,
  deliveries: { event_id: string; own_workflow: boolean }[],
): Promise<Map<string, Surroundings>> {
  if (deliveries.length === 0) return new Map();
  const wanted = new Map<string, boolean>();
  for (const { event_id, own_workflow } of deliveries) wanted.set(event_id, wanted.get(event_id) || !own_workflow);
  const sorted = [...wanted].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const { rows } = await db.query<{ event_id: string; external_id: string | null; dispatch_id: string | null }>({
    // the bounds pick the partitions before the join is planned
    text: `
      select v.event_id, e.external_id, ${coveringDispatch} as dispatch_id
      from unnest($1::uuid[], $2::bool[]) as v (event_id, wanted)
      left join events e on e.id = v.event_id and e.id between $3::uuid and $4::uuid`,
    values: [sorted.map(([id]) => id), sorted.map(([, isWanted]) => isWanted), sorted[0]?.[0], sorted.at(-1)?.[0]],
  });
  return new Map(
    rows.map((row) => [row.event_id, { event: row.external_id, dispatchId: row.dispatch_id && idOf('dsp', row.dispatch_id) }]),
  );
}
