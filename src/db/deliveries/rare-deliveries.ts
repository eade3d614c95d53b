// Finds the ids of deliveries of a type or status that is rare, within a span, by indexes alone.
import { type DeliveryStatus, deliveryStatuses } from '#domain/deliveries/delivery';
import { uuidOf } from '#domain/ids';
import { type Db, inTransaction } from '../store/pool.ts';
import type { Span } from '../store/search-back.ts';

export interface DeliveryFilter {
  tenantId: string | null;
  endpointId: string | null;
  eventId: string | null;
  statuses: DeliveryStatus[] | null;
  type: string | null;
  /** UUIDs: from `from` on, and below `below`. */
  from: string;
  below: string;
}

type Way = (span: Span, most: number) => Promise<string[]>;

/** So many of the other statuses are filtered by type; with more, the type is looked up first. */
const mostOfStatus = 500;

/** Null: there is no such index for this filter. `isStatusRare`: few of the newest deliveries have one of the statuses. */
export function wayToRare(db: Db, filter: DeliveryFilter, isStatusRare: boolean): Way | null {
  const { type } = filter;
  const isOfOne = (filter.tenantId !== null || filter.endpointId !== null) && filter.statuses !== null;
  if (type === null) return isOfOne ? (span, most) => allExcept(db, filter, span, most) : null;
  if (!isOfOne || !isStatusRare) return (span, most) => byType(db, filter, span, most);
  return async (span, most) => {
    const ids = await allExcept(db, filter, span, mostOfStatus + 1);
    return ids.length > mostOfStatus ? byType(db, filter, span, most) : (await ofType(db, ids, type)).slice(0, most);
  };
}

/** By the index that knows which blocks may hold the type at all. */
async function byType(
  db: Db,
  { tenantId, endpointId, statuses, type }: DeliveryFilter,
  { from, below }: Span,
  most: number,
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'deliveries_of_type',
    text: 'select id from deliveries_of_type($1, $2, $3, $4, $5, $6, $7) as id',
    values: [type, tenantId && uuidOf(tenantId), endpointId && uuidOf(endpointId), statuses, from, below, most],
  });
  return rows.map(({ id }) => id);
}

/**
 * No index is by the status `succeeded`. Where it is rare, nearly all rows are in the indexes of the other statuses: what is
 * left of all, without those, is found without reading a row.
 */
async function allExcept(
  db: Db,
  { tenantId, endpointId, statuses }: DeliveryFilter,
  { from, below }: Span,
  most: number,
): Promise<string[]> {
  const others = deliveryStatuses.filter((status) => status !== 'succeeded' && !statuses?.includes(status));
  const owner = endpointId ?? tenantId;
  const { rows } = await inTransaction(db, async (client) => {
    await client.query('set local enable_seqscan = off; set local enable_bitmapscan = off; set local jit = off');
    return client.query<{ id: string }>({
      text: endpointId === null ? exceptOfTenant : exceptOfEndpoint,
      values: [from, below, owner && uuidOf(owner), others, most],
    });
  });
  return rows.map(({ id }) => id);
}

async function ofType(db: Db, ids: string[], type: string): Promise<string[]> {
  if (ids.length === 0) return [];
  const { rows } = await db.query<{ id: string }>({
    text: 'select id from deliveries where id = any($1) and id between $2::uuid and $3::uuid and event_type = $4 order by id desc',
    values: [ids, ids.at(-1), ids[0], type],
  });
  return rows.map(({ id }) => id);
}

const exceptOfTenant = `
  select id from (
    select id from deliveries where id >= $1::uuid and id < $2::uuid and tenant_id = $3
    except select id from deliveries where id >= $1::uuid and id < $2::uuid and tenant_id = $3 and status = any($4) and status <> 'succeeded'
  ) rest order by id desc limit $5`;
const exceptOfEndpoint = `
  select id from (
    select id from deliveries where id >= $1::uuid and id < $2::uuid and endpoint_id = $3
    except select id from deliveries where id >= $1::uuid and id < $2::uuid and endpoint_id = $3 and status = any($4) and status <> 'succeeded'
  ) rest order by id desc limit $5`;
