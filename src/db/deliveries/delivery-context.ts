// Facts about deliveries that are not in their rows: the producer's ids of their events, and the
// dispatches that guard these events.
import { idOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

export interface DeliveryContext {
  /** The producer's id of the event; null: the event was deleted. */
  event: string | null;
  /** With a workflow. Null: not looked up, none yet, or deleted since. */
  dispatchId: string | null;
  /** All deliveries of the event were parked, so its dispatch has no workflow. */
  parked: boolean;
}

/**
 * By the event's UUID, as PostgreSQL writes it. Looks up the dispatch only if one of the deliveries has no workflow.
 */
export async function readDeliveryContext(
  db: Db,
  deliveries: { event_id: string; own_workflow: boolean }[],
): Promise<Map<string, DeliveryContext>> {
  if (deliveries.length === 0) return new Map();
  const wanted = new Map<string, boolean>();
  for (const { event_id, own_workflow } of deliveries) wanted.set(event_id, wanted.get(event_id) || !own_workflow);
  const sorted = [...wanted].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const { rows } = await db.query<{
    event_id: string;
    external_id: string | null;
    dispatch_id: string | null;
    has_workflow: boolean | null;
  }>({
    // the bounds select the partitions before the join is planned
    text: `
      select v.event_id, e.external_id, c.dispatch_id, c.has_workflow
      from unnest($1::uuid[]) as v (event_id)
      left join events e on e.id = v.event_id and e.id between $3::uuid and $4::uuid
      left join covering_dispatches($2::uuid[]) c on c.event_id = v.event_id`,
    values: [sorted.map(([id]) => id), sorted.flatMap(([id, isWanted]) => (isWanted ? [id] : [])), sorted[0]?.[0], sorted.at(-1)?.[0]],
  });
  return new Map(
    rows.map(({ event_id, external_id, dispatch_id, has_workflow }) => {
      const parked = has_workflow === false;
      return [event_id, { event: external_id, dispatchId: dispatch_id && !parked ? idOf('dsp', dispatch_id) : null, parked }];
    }),
  );
}
