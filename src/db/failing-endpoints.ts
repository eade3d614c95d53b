// Endpoints that Posthorn itself disables: they have not accepted anything for too long, or said that they are gone; and those that a probe found well again.
import { uuidOf } from '../domain/ids.ts';
import { failedTooLong } from '../domain/lane.ts';
import { audited, bySystem } from './audit.ts';
import type { Db } from './pool.ts';

const closed = { gate: 'disabled', gateReason: failedTooLong };
const open = { gate: 'open', gateReason: null };

/** Closes the gate of an endpoint that is open, and leaves an alert for its owner in the same statement. False: it was not open. */
export async function disableFailing(db: Db, endpointId: string, alertId: string, failingSinceMs: number): Promise<boolean> {
  return turn(db, endpointId, 'endpoint.disable', open, closed, {
    name: 'disable_failing',
    text: `
      with disabled as (
        update endpoints set gate = 'disabled', gate_reason = $3, version = nextval('config_version'), updated_at = now()
        where id = $1 and gate = 'open' and deleted_at is null returning id, tenant_id
      )
      insert into alerts (id, tenant_id, endpoint_id, kind, detail)
      select $2, tenant_id, id, 'endpoint.disabled', jsonb_build_object('reason', $3::text, 'failingSince', to_timestamp($4::float8 / 1000)) from disabled`,
    values: [uuidOf(endpointId), uuidOf(alertId), failedTooLong, failingSinceMs],
  });
}

/** Opens it again, if it was closed for that reason, and says so in an alert. */
export async function recoverFailing(db: Db, endpointId: string, alertId: string): Promise<boolean> {
  return turn(db, endpointId, 'endpoint.recover', closed, open, {
    name: 'recover_failing',
    text: `
      with recovered as (
        update endpoints set gate = 'open', gate_reason = null, version = nextval('config_version'), updated_at = now()
        where id = $1 and gate = 'disabled' and gate_reason = $3 and deleted_at is null returning id, tenant_id
      )
      insert into alerts (id, tenant_id, endpoint_id, kind) select $2, tenant_id, id, 'endpoint.recovered' from recovered`,
    values: [uuidOf(endpointId), uuidOf(alertId), failedTooLong],
  });
}

/** The endpoint answered 410 Gone: nothing is sent to it until it is resumed. */
export async function stopEndpoint(db: Db, endpointId: string, reason: string): Promise<void> {
  await turn(
    db,
    endpointId,
    'endpoint.disable',
    open,
    { gate: 'disabled', gateReason: reason },
    {
      name: 'stop_endpoint',
      text: `
      update endpoints set gate = 'disabled', gate_reason = $2, version = nextval('config_version'), updated_at = now()
      where id = $1 and (gate = 'open' or gate = 'disabled' and gate_reason = $3)`,
      values: [uuidOf(endpointId), reason, failedTooLong],
    },
  );
}

interface Turn {
  name: string;
  text: string;
  values: unknown[];
}

async function turn(
  db: Db,
  endpointId: string,
  action: 'endpoint.disable' | 'endpoint.recover',
  before: object,
  after: object,
  query: Turn,
): Promise<boolean> {
  return audited(db, bySystem(action), async (client) => {
    const { rowCount } = await client.query(query);
    const entry = { target: { kind: 'endpoint', id: endpointId }, before: { ...before }, after: { ...after } };
    return { result: rowCount === 1, entry: rowCount === 1 ? entry : null };
  });
}
