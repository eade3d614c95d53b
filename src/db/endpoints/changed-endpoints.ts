// Reads the endpoints that were made, changed or deleted since a time, oldest change first, for the live stream. Both logs of
// their changes have an index by time: that of people's changes, and that of changed subscriptions and gates. An endpoint comes
// once for each entry: of two changes the earlier one may be committed later, and must be seen then.
import { unverified } from '#domain/endpoints/verification';
import { idOf, uuidOf } from '#domain/ids';
import type { ChangedEndpoint } from '#domain/views/stream-view';
import type { ChangesQuery } from '../store/changes-query.ts';
import type { Db } from '../store/pool.ts';

export interface EndpointChange {
  atUs: number;
  tenantId: string;
  endpoint: ChangedEndpoint;
}

interface Row extends Omit<ChangedEndpoint, 'changedAt'> {
  tenant_id: string;
  at: Date;
  at_us: number;
}

export async function readChangedEndpoints(db: Db, query: ChangesQuery): Promise<EndpointChange[]> {
  const { sinceUs, afterId, tenantIds, endpointId, limit } = query;
  const { rows } = await db.query<Row>({
    // not prepared by name: the indexes are used for the time that is given
    text: `
      select p.id, p.tenant_id, t.external_id as tenant, c.at, (extract(epoch from c.at) * 1000000)::bigint as at_us,
        case when p.deleted_at is not null then 'deleted' when p.gate = 'disabled' then 'disabled'
          when p.gate = 'held' and p.gate_reason = '${unverified}' then 'unverified' when p.gate = 'held' then 'paused' else 'ok' end as status
      from (
        select endpoint_id, until as at from endpoint_history where until >= 'epoch'::timestamptz + $1::float8 * interval '1 microsecond'
        union
        select case when target_id ~ '^ep_[0-9a-f]{32}$' then substr(target_id, 4)::uuid end, at from posthorn_audit.audit_log
        where at >= 'epoch'::timestamptz + $1::float8 * interval '1 microsecond' and target_kind = 'endpoint'
      ) c join endpoints p on p.id = c.endpoint_id join tenants t on t.id = p.tenant_id
      where ($2::uuid is null or c.at > 'epoch'::timestamptz + $1::float8 * interval '1 microsecond' or p.id > $2)
        and ($3::uuid[] is null or p.tenant_id = any($3)) and ($4::uuid is null or p.id = $4)
      order by c.at, p.id limit $5`,
    values: [sinceUs, afterId && uuidOf(afterId), tenantIds?.map(uuidOf), endpointId && uuidOf(endpointId), limit],
  });
  return rows.map(({ id, tenant_id, tenant, status, at, at_us }) => ({
    atUs: at_us,
    tenantId: idOf('tnt', tenant_id),
    endpoint: { id: idOf('ep', id), tenant, status, changedAt: at.toISOString() },
  }));
}
