// Disables failing endpoints (nothing accepted for too long, or 410 Gone) and enables them again
// after a successful probe. If an endpoint's target has changed since the request, nothing is
// changed.
import { listenHost } from '#domain/endpoints/listen';
import { uuidOf } from '#domain/ids';
import { failedTooLong } from '#domain/lanes/lane';
import { audited, bySystem } from '../audit/audit.ts';
import type { Db } from '../store/pool.ts';
import type { AskedEndpoint } from './endpoint-to-send.ts';

/** Closes the gate of an open endpoint, with an alert for its owner in the same statement. False: it was not open. */
export async function disableFailing(db: Db, asked: AskedEndpoint, alertId: string, failingSinceMs: number): Promise<boolean> {
  return changeGate(db, asked, 'endpoint.disable', {
    name: 'disable_failing',
    text: `
      with before as (${gateBefore} and gate = 'open' for no key update), changed as (
        update endpoints p set gate = 'disabled', gate_reason = $4, version = nextval('config_version'), updated_at = now()
        from before b where p.id = b.id returning p.id, p.tenant_id, p.host, p.gate, p.gate_reason
      ), told as (
        insert into alerts (id, tenant_id, endpoint_id, subject, kind, severity, detail)
        select $3, tenant_id, id, id, 'endpoint.disabled', 'critical', jsonb_build_object('host', host, 'reason', $4::text, 'since', to_timestamp($5::float8 / 1000)) from changed where host <> '${listenHost}'
        ${unlessOpen}
      )
      ${gatesOf}`,
    values: [uuidOf(alertId), failedTooLong, failingSinceMs],
  });
}

/** Opens the gate if it was closed for failing too long, with an alert. False: it was not. */
export async function recoverFailing(db: Db, asked: AskedEndpoint, alertId: string): Promise<boolean> {
  return changeGate(db, asked, 'endpoint.recover', {
    name: 'recover_failing',
    text: `
      with before as (${gateBefore} and gate = 'disabled' and gate_reason = $4 for no key update), changed as (
        update endpoints p set gate = 'open', gate_reason = null, version = nextval('config_version'), updated_at = now()
        from before b where p.id = b.id returning p.id, p.tenant_id, p.host, p.gate, p.gate_reason
      ), told as (
        insert into alerts (id, tenant_id, endpoint_id, subject, kind, severity, detail)
        select $3, tenant_id, id, id, 'endpoint.recovered', 'info', jsonb_build_object('host', host) from changed where host <> '${listenHost}'
        ${unlessOpen}
      )
      ${gatesOf}`,
    values: [uuidOf(alertId), failedTooLong],
  });
}

/**
 * Closes the gate after a 410 Gone, with an alert: nothing is sent until the endpoint is resumed or its target changes.
 * Run twice: the second run changes nothing and writes no alert.
 */
export async function stopEndpoint(db: Db, asked: AskedEndpoint, alertId: string, reason: string): Promise<void> {
  await changeGate(db, asked, 'endpoint.disable', {
    name: 'stop_endpoint',
    text: `
      with before as (${gateBefore} and (gate = 'open' or gate = 'disabled' and gate_reason = $5) for no key update), changed as (
        update endpoints p set gate = 'disabled', gate_reason = $4, version = nextval('config_version'), updated_at = now()
        from before b where p.id = b.id returning p.id, p.tenant_id, p.host, p.gate, p.gate_reason
      ), told as (
        insert into alerts (id, tenant_id, endpoint_id, subject, kind, severity, detail)
        select $3, tenant_id, id, id, 'endpoint.disabled', 'critical', jsonb_build_object('host', host, 'reason', $4::text) from changed
        ${unlessOpen}
      )
      ${gatesOf}`,
    values: [uuidOf(alertId), reason, failedTooLong],
  });
}

/** The checks find the same a few seconds later. Written here, it is not lost when the gate changes again before. */
const unlessOpen = `on conflict (kind, subject) where state <> 'closed' do nothing`;
const gateBefore = 'select id, gate, gate_reason from endpoints where id = $1 and target_version = $2 and deleted_at is null';
const gatesOf = `
  select b.gate as gate_was, b.gate_reason as reason_was, c.gate, c.gate_reason from before b join changed c on c.id = b.id`;

interface GateChange {
  gate_was: string;
  reason_was: string | null;
  gate: string;
  gate_reason: string | null;
}

/** Runs the change with an audit entry of the gate before it, read under the row's lock, and after it. */
async function changeGate(
  db: Db,
  { endpointId, targetVersion }: AskedEndpoint,
  action: 'endpoint.disable' | 'endpoint.recover',
  { values, ...query }: { name: string; text: string; values: unknown[] },
): Promise<boolean> {
  return audited(db, bySystem(action), async (client) => {
    const { rows } = await client.query<GateChange>({ ...query, values: [uuidOf(endpointId), targetVersion, ...values] });
    const [row] = rows;
    if (!row) return { result: false, entry: null };
    const before = { gate: row.gate_was, gateReason: row.reason_was };
    const after = { gate: row.gate, gateReason: row.gate_reason };
    return { result: true, entry: { target: { kind: 'endpoint', id: endpointId }, before, after } };
  });
}
