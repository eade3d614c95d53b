// Reads the deliveries that changed since a time, oldest change first, for the live stream. A delivery that changed several
// times is there once, as it is now.
import { idOf, uuidOf } from '#domain/ids';
import type { ChangedDelivery } from '#domain/views/stream-view';
import type { ChangesQuery } from '../store/changes-query.ts';
import { queryPlannedOnce } from '../store/planned-once.ts';
import { type Db, inTransaction } from '../store/pool.ts';
import { type ListedRow, toListed } from './listed-delivery.ts';

export interface DeliveryChange {
  atUs: number;
  tenantId: string;
  delivery: ChangedDelivery;
}

export async function readChangedDeliveries(db: Db, query: ChangesQuery): Promise<DeliveryChange[]> {
  const { sinceUs, afterId, tenantIds, endpointId, limit } = query;
  const values = [sinceUs, afterId && uuidOf(afterId), tenantIds?.map(uuidOf), endpointId && uuidOf(endpointId), limit];
  const { rows } = await inTransaction(db, (client) => queryPlannedOnce<Row>(client, { name: 'changed_deliveries', text, values }));
  return rows.map((row) => ({ atUs: row.at_us, tenantId: idOf('tnt', row.tenant_id), delivery: toListed(row, row.event) }));
}

// each column has one condition, so that the index by time is used
const text = `
  select d.*, (extract(epoch from d.updated_at) * 1000000)::bigint as at_us, t.external_id as tenant, n.host, e.external_id as event
  from (
    select id, event_id, tenant_id, endpoint_id, event_type, status, round, attempts, next_attempt_at, last_outcome, last_message, created_at, updated_at
    from deliveries
    where updated_at >= 'epoch'::timestamptz + $1::float8 * interval '1 microsecond'
      and ($2::uuid is null or updated_at > 'epoch'::timestamptz + $1::float8 * interval '1 microsecond' or id > $2)
      and ($3::uuid[] is null or tenant_id = any($3)) and ($4::uuid is null or endpoint_id = $4)
    order by updated_at, id limit $5
  ) d
  join tenants t on t.id = d.tenant_id
  left join lateral (select host from endpoints where id = d.endpoint_id offset 0) n on true
  -- row by row, so that each finds its partition
  left join lateral (select external_id from events where id = d.event_id offset 0) e on true
  order by d.updated_at, d.id`;

type Row = ListedRow & { tenant_id: string; event: string | null; at_us: number };
