// Endpoints that have not accepted anything for so long that they are disabled, and those that a probe found well again.
import { uuidOf } from '../domain/ids.ts';
import { failedTooLong } from '../domain/lane.ts';
import type { Db } from './pool.ts';

/** Closes the gate of an endpoint that is open, and leaves an alert for its owner in the same statement. False: it was not open. */
export async function disableFailing(db: Db, endpointId: string, alertId: string, failingSinceMs: number): Promise<boolean> {
  const { rowCount } = await db.query({
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
  return rowCount === 1;
}

/** Opens it again, if it was closed for that reason, and says so in an alert. */
export async function recoverFailing(db: Db, endpointId: string, alertId: string): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'recover_failing',
    text: `
      with recovered as (
        update endpoints set gate = 'open', gate_reason = null, version = nextval('config_version'), updated_at = now()
        where id = $1 and gate = 'disabled' and gate_reason = $3 and deleted_at is null returning id, tenant_id
      )
      insert into alerts (id, tenant_id, endpoint_id, kind) select $2, tenant_id, id, 'endpoint.recovered' from recovered`,
    values: [uuidOf(endpointId), uuidOf(alertId), failedTooLong],
  });
  return rowCount === 1;
}
