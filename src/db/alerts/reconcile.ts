// Makes the open alerts match what the checks have found: opens, changes and closes them in one statement.
// Run twice with the same conditions, the second run changes nothing.
import { type AlertKind, audiences, type Condition } from '#domain/alerts/alert';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import type { Db } from '../store/pool.ts';

/** How long the alert stays open that an endpoint accepts again. */
const recoveredFor = '1 hour';

/** A UUIDv7: how many endpoints accept again is known only in the statement. */
const newUuid = `
  overlay(replace(gen_random_uuid()::text, '-', '') placing lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7' from 1 for 13)::uuid`;

/** `checked`: the kinds that the checks have looked for completely. An open alert of them without a condition is closed. */
export async function reconcile(db: Pick<Db, 'query'>, conditions: readonly Condition[], checked: readonly AlertKind[]): Promise<void> {
  await db.query({
    name: 'reconcile_alerts',
    text: `
      with wanted as (
        select * from jsonb_to_recordset($1::jsonb) as w (
          id uuid, kind text, subject text, severity text, tenant_id uuid, endpoint_id uuid, for_owner boolean, count int, facts jsonb)
      ), changed as (
        insert into alerts (id, tenant_id, endpoint_id, kind, subject, severity, for_owner, count, detail)
        select id, tenant_id, endpoint_id, kind, subject, severity, for_owner, count, facts from wanted
        on conflict (kind, subject) where state <> 'closed' do update
        set severity = excluded.severity, count = excluded.count, detail = excluded.detail,
          untold = alerts.untold or alerts.severity <> excluded.severity
        where (alerts.severity, alerts.count, alerts.detail) is distinct from (excluded.severity, excluded.count, excluded.detail)
      ), closed as (
        update alerts a set state = 'closed', closed_at = now(), untold = true
        where a.state <> 'closed' and (
          a.kind = any($2) and not exists (select from wanted w where w.kind = a.kind and w.subject = a.subject)
          or a.kind = 'endpoint.recovered' and (
            a.opened_at < now() - interval '${recoveredFor}'
            or exists (select from wanted w where w.kind in ('endpoint.failing', 'endpoint.disabled') and w.subject = a.subject)))
        returning a.kind, a.subject, a.tenant_id, a.endpoint_id, a.detail
      )
      insert into alerts (id, tenant_id, endpoint_id, kind, subject, severity, detail)
      select ${newUuid}, c.tenant_id, c.endpoint_id, 'endpoint.recovered', c.subject, 'info',
        jsonb_build_object('host', p.host, 'description', c.detail->'description')
      from closed c join endpoints p on p.id = c.endpoint_id and p.deleted_at is null and p.gate = 'open'
      -- not if it has another URL since: then nobody knows whether it accepts
      where c.kind = 'endpoint.failing' and (c.detail->>'targetVersion')::int = p.target_version and (
        exists (select from endpoint_health h where h.endpoint_id = p.id and h.failing_since is null)
        or exists (select from lanes l where l.endpoint_id = p.id and l.failing_since is null and l.updated_at > now() - interval '1 hour'))
      on conflict (kind, subject) where state <> 'closed' do nothing`,
    values: [JSON.stringify(conditions.map(toRow)), checked],
  });
}

function toRow({ kind, subject, severity, tenantId, endpointId, count, facts }: Condition) {
  const owned = audiences[kind] === 'owner' && tenantId !== null;
  return {
    id: uuidOf(newId('alr')),
    kind,
    subject,
    severity,
    tenant_id: tenantId,
    endpoint_id: endpointId,
    for_owner: owned,
    count: Math.min(count, 2_000_000_000),
    facts,
  };
}
