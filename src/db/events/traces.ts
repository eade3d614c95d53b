// The trace contexts of events, for workflows that are started while traces are on.
import type { TraceContext } from '#domain/events/trace-context';
import { deliveryRanges, idOf, uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

/** By the ids of deliveries: of those whose events have one. */
export async function readTraces(db: Db, deliveries: { deliveryId: string }[]): Promise<Map<string, TraceContext>> {
  if (deliveries.length === 0) return new Map();
  const ids = deliveries.map(({ deliveryId }) => deliveryId);
  const { from, to } = deliveryRanges(ids);
  const { rows } = await db.query<{ id: string; trace_context: string }>({
    // not prepared by name, so that the ids select the partitions; an event is on the same day as its deliveries
    text: `
      select d.id, e.trace_context from deliveries d join events e on e.id = d.event_id and e.id between $2 and $3
      where d.id = any($1::uuid[]) and e.trace_context is not null`,
    values: [ids.map(uuidOf), from, to],
  });
  return new Map(rows.map((row) => [idOf('dlv', row.id), row.trace_context]));
}
