// Reads deliveries for people: lists, one delivery, the deliveries of an event. Every query reads a
// bounded number of rows.
import { firstIdAt, idOf, isId, unixMsOf, uuidOf } from '#domain/ids';
import type { DeliveryView } from '#domain/views/delivery-view';
import type { Db } from '../store/pool.ts';
import { readDeliveryContext } from './delivery-context.ts';
import { type DeliveryRow, findDeliveries } from './delivery-search.ts';
import { nextAttemptsOf } from './held-until.ts';
import { toListed } from './listed-delivery.ts';
import type { DeliveryFilter } from './rare-deliveries.ts';

/** A stored delivery, without the address of its workflow in Temporal. */
export type DeliveryRecord = Omit<DeliveryView, 'workflowId' | 'temporalUrl'> & {
  /** The delivery itself has or had a workflow. */
  ownWorkflow: boolean;
  /** Otherwise the dispatch that guards its event; null: none yet, or deleted since. */
  dispatchId: string | null;
  /** It has no workflow of its own, because it was parked before its first attempt: the workflow of its lane made all. */
  parked: boolean;
};

export interface DeliveryPage {
  /** Fewer than `limit`: there are no more, unless `goesOn` is set. */
  records: DeliveryRecord[];
  /** The id below which the next page begins, if the search ended with rows left to look at. */
  goesOn: string | null;
}

/** Deliveries, newest first. */
export async function listDeliveries(db: Db, filter: DeliveryFilter, limit: number): Promise<DeliveryPage> {
  const { rows, goesOn } = await findDeliveries(db, filter, limit);
  // a page may end between two deliveries: a cursor is an id all the same
  return {
    records: await toRecords(db, rows),
    goesOn: goesOn && (isId('dlv', `dlv_${goesOn}`) ? `dlv_${goesOn}` : firstIdAt('dlv', unixMsOf(goesOn))),
  };
}

const ownColumns = `d.id, d.event_id, d.event_type, t.external_id as tenant, d.endpoint_id, n.host, d.status, d.round, d.attempts,
  d.next_attempt_at, d.last_outcome, d.last_message, d.sequence, d.batch_id, d.faults, d.created_at, d.updated_at, d.own_workflow,
  d.position is not null as parked, d.hurried`;

export async function readDelivery(db: Db, deliveryId: string): Promise<DeliveryRecord | null> {
  const { rows } = await db.query<DeliveryRow>({
    text: `select ${ownColumns} from deliveries d join tenants t on t.id = d.tenant_id left join endpoints n on n.id = d.endpoint_id where d.id = $1`,
    values: [uuidOf(deliveryId)],
  });
  return (await toRecords(db, rows))[0] ?? null;
}

/** Deliveries of an event, in the order of ids. `range`: see `deliveryRange` in domain/ids.ts. */
export async function deliveriesOfEvent(
  db: Db,
  eventId: string,
  range: { from: string; to: string },
  limit: number,
): Promise<DeliveryRecord[]> {
  const { rows } = await db.query<DeliveryRow>({
    text: `
      select ${ownColumns} from deliveries d join tenants t on t.id = d.tenant_id left join endpoints n on n.id = d.endpoint_id
      where d.id between $2 and $3 and d.event_id = $1
      order by d.id limit $4`,
    values: [uuidOf(eventId), range.from, range.to, limit],
  });
  return toRecords(db, rows);
}

async function toRecords(db: Db, rows: DeliveryRow[]): Promise<DeliveryRecord[]> {
  const around = await readDeliveryContext(db, rows);
  const nextAttempt = await nextAttemptsOf(db, rows);
  return rows.map((row) => {
    const { event, dispatchId, parked } = around.get(row.event_id) ?? { event: null, dispatchId: null, parked: false };
    return {
      ...toListed(row, event),
      nextAttemptAt: nextAttempt(row)?.toISOString() ?? null,
      sequence: row.sequence,
      batch: row.batch_id && idOf('bat', row.batch_id),
      faults: row.faults,
      ownWorkflow: row.own_workflow,
      dispatchId: row.own_workflow ? null : dispatchId,
      parked: (parked || row.parked) && !row.own_workflow,
    };
  });
}
