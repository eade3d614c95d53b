// Reads the alerts that opened, were acknowledged or closed since a time, oldest change first, for the live stream.
import type { AlertView } from '#domain/alerts/alert';
import { idOf, uuidOf } from '#domain/ids';
import type { ChangesQuery } from '../store/changes-query.ts';
import type { Db } from '../store/pool.ts';
import { type AlertRow, alertColumns, toAlert } from './alerts.ts';

export interface AlertChange {
  atUs: number;
  tenantId: string | null;
  /** The owner of the endpoint does not see it. */
  isForOperator: boolean;
  alert: AlertView;
}

interface Row extends AlertRow {
  tenant_id: string | null;
  for_owner: boolean;
  at_us: number;
}

export async function readChangedAlerts(db: Db, query: ChangesQuery): Promise<AlertChange[]> {
  const { sinceUs, afterId, tenantIds, endpointId, limit } = query;
  const { rows } = await db.query<Row>({
    // not prepared by name: the index is used for the time that is given
    text: `
      select ${alertColumns}, a.tenant_id, a.for_owner, (extract(epoch from a.changed_at) * 1000000)::bigint as at_us
      from (
        select *, greatest(opened_at, acknowledged_at, closed_at) as changed_at from alerts
        where greatest(opened_at, acknowledged_at, closed_at) >= 'epoch'::timestamptz + $1::float8 * interval '1 microsecond'
      ) a left join tenants t on t.id = a.tenant_id
      where ($2::uuid is null or a.changed_at > 'epoch'::timestamptz + $1::float8 * interval '1 microsecond' or a.id > $2)
        and ($3::uuid[] is null or a.tenant_id = any($3)) and ($4::uuid is null or a.endpoint_id = $4)
      order by a.changed_at, a.id limit $5`,
    values: [sinceUs, afterId && uuidOf(afterId), tenantIds?.map(uuidOf), endpointId && uuidOf(endpointId), limit],
  });
  return rows.flatMap((row) =>
    toAlert(row).map((alert) => ({
      atUs: row.at_us,
      tenantId: row.tenant_id && idOf('tnt', row.tenant_id),
      isForOperator: !row.for_owner,
      alert,
    })),
  );
}
