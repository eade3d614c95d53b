// Alerts as the API shows them: list, read, acknowledge.
import { type AlertState, type AlertView, alertKinds, type Facts, isAlertKind, type Severity } from '#domain/alerts/alert';
import { alertText } from '#domain/alerts/alert-text';
import { idOf, uuidOf } from '#domain/ids';
import { type Audit, audited } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';

export interface AlertRow {
  id: string;
  kind: string;
  severity: Severity;
  state: AlertState;
  tenant: string | null;
  endpoint_id: string | null;
  detail: Facts;
  count: number;
  opened_at: Date;
  closed_at: Date | null;
  acknowledged_at: Date | null;
}

export const alertColumns = `
  a.id, a.kind, a.severity, a.state, t.external_id as tenant, a.endpoint_id, a.detail, a.count, a.opened_at, a.closed_at, a.acknowledged_at`;

export interface AlertFilter {
  /** The producer's id. */
  tenant: string | null;
  kind: string | null;
  /** Null: all. */
  states: AlertState[] | null;
  severities: Severity[];
  /** `ep_…` */
  endpoint: string | null;
  /** False: also alerts that only the operator sees. */
  onlyOwners: boolean;
}

/** Alerts older than `before`, newest first. */
export async function listAlerts(db: Db, filter: AlertFilter, before: string | null, limit: number): Promise<AlertView[]> {
  const { rows } = await db.query<AlertRow>({
    // not prepared by name: which index is best depends on the filter
    text: `
      select ${alertColumns} from alerts a left join tenants t on t.id = a.tenant_id
      where ($1::text is null or a.tenant_id = (select id from tenants where external_id = $1 and deleted_at is null))
        and ($2::text is null or a.kind = $2) and ($3::text[] is null or a.state = any($3))
        and a.severity = any($8) and ($9::uuid is null or a.endpoint_id = $9) and (not $4 or a.for_owner) and a.kind = any($7)
        and a.id < coalesce($5::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by a.id desc limit $6`,
    values: [
      filter.tenant,
      filter.kind,
      filter.states,
      filter.onlyOwners,
      before && uuidOf(before),
      limit,
      alertKinds,
      filter.severities,
      filter.endpoint && uuidOf(filter.endpoint),
    ],
  });
  return rows.flatMap(toAlert);
}

/** Null: no such alert. */
export async function readAlert(db: Pick<Db, 'query'>, alertId: string, onlyOwners: boolean): Promise<AlertView | null> {
  const { rows } = await db.query<AlertRow>({
    name: 'read_alert',
    text: `select ${alertColumns} from alerts a left join tenants t on t.id = a.tenant_id where a.id = $1 and (not $2 or a.for_owner)`,
    values: [uuidOf(alertId), onlyOwners],
  });
  return rows.flatMap(toAlert)[0] ?? null;
}

/** The alert as it is now: one that is not open stays as it is. Null: no such alert. */
export async function acknowledgeAlert(db: Db, alertId: string, by: string, onlyOwners: boolean, audit: Audit): Promise<AlertView | null> {
  return audited(db, audit, async (client) => {
    const { rows } = await client.query<{ tenant_id: string | null }>({
      name: 'acknowledge_alert',
      text: `
        update alerts set state = 'acknowledged', acknowledged_at = now(), acknowledged_by = $2, untold = true
        where id = $1 and state = 'open' and (not $3 or for_owner) returning tenant_id`,
      values: [uuidOf(alertId), by, onlyOwners],
    });
    const result = await readAlert(client, alertId, onlyOwners);
    const [row] = rows;
    if (!row) return { result, entry: null };
    const entry = {
      tenantId: row.tenant_id === null ? null : idOf('tnt', row.tenant_id),
      target: { kind: 'alert', id: alertId },
      before: { state: 'open' },
      after: { state: 'acknowledged' },
    };
    return { result, entry };
  });
}

/** Nothing for a kind of another version. */
export function toAlert(row: AlertRow): AlertView[] {
  if (!isAlertKind(row.kind)) return [];
  return [
    {
      id: idOf('alr', row.id),
      kind: row.kind,
      severity: row.severity,
      state: row.state,
      tenant: row.tenant,
      endpoint: row.endpoint_id && idOf('ep', row.endpoint_id),
      ...alertText(row.kind, row.detail, row.count),
      facts: row.detail,
      count: row.count,
      openedAt: row.opened_at.toISOString(),
      closedAt: row.closed_at?.toISOString() ?? null,
      acknowledgedAt: row.acknowledged_at?.toISOString() ?? null,
    },
  ];
}

/** Deletes alerts that closed 90 days ago. Returns how many; 0: none are left. */
export async function deleteOldAlerts(db: Pick<Db, 'query'>): Promise<number> {
  const { rowCount } = await db.query({
    name: 'delete_old_alerts',
    text: `
      delete from alerts where id in (select id from alerts where state = 'closed' and closed_at < now() - interval '90 days' limit 1000)`,
  });
  return rowCount ?? 0;
}

/** Deletes notifications of 30 days ago, unless their alert is still open. Returns how many; 0: none are left. */
export async function deleteOldNotifications(db: Pick<Db, 'query'>): Promise<number> {
  const { rowCount } = await db.query({
    name: 'delete_old_notifications',
    text: `
      delete from alert_notifications where id in (
        select n.id from alert_notifications n left join alerts a on a.id = n.alert_id
        where n.created_at < now() - interval '30 days' and coalesce(a.state, 'closed') = 'closed' limit 1000)`,
  });
  return rowCount ?? 0;
}
