// The tenant to which the endpoints of webhook channels belong. It is made when the first one is needed, does not appear in
// the list of tenants, and the API does not delete it.
import { systemTenantId, systemTenantKey } from '#domain/endpoints/tenant';
import { idOf, uuidOf } from '#domain/ids';
import { type Db, inTransaction } from '../store/pool.ts';

export async function ensureSystemTenant(db: Pick<Db, 'query'>): Promise<void> {
  await db.query({
    name: 'ensure_system_tenant',
    text: `
      insert into tenants (id, external_id, name, max_endpoints) values ($1, $2, 'Alerts of Posthorn', 100000) on conflict (id) do nothing`,
    values: [uuidOf(systemTenantId), systemTenantKey],
  });
}

export interface ChannelEndpoint {
  endpointId: string | null;
  /** The settings that the endpoint was made for are the channel's. */
  isCurrent: boolean;
}

/** Null: no such channel. */
export async function readChannelEndpoint(db: Db, channelId: string): Promise<ChannelEndpoint | null> {
  const { rows } = await db.query<{ endpoint_id: string | null; is_current: boolean }>({
    name: 'channel_endpoint',
    text: `
      select endpoint_id, coalesce(endpoint_version = settings_version, false) as is_current from alert_channels
      where id = $1 and deleted_at is null`,
    values: [uuidOf(channelId)],
  });
  const [row] = rows;
  return row ? { endpointId: row.endpoint_id && idOf('ep', row.endpoint_id), isCurrent: row.is_current } : null;
}

/**
 * Notes the endpoint that was made for these settings of the channel, in place of the one before. Returns the endpoint that
 * is left over: the one before; or the new one, if another process was faster or the settings have changed since.
 */
export function setChannelEndpoint(
  db: Db,
  channelId: string,
  settingsVersion: number,
  endpointId: string,
  before: string | null,
): Promise<string | null> {
  return inTransaction(db, async (client) => {
    const { rows } = await client.query<{ fits: boolean }>({
      name: 'lock_channel_endpoint',
      text: `
        select settings_version = $2 and endpoint_id is not distinct from $3::uuid and deleted_at is null as fits
        from alert_channels where id = $1 for no key update`,
      values: [uuidOf(channelId), settingsVersion, before && uuidOf(before)],
    });
    if (!rows[0]?.fits) return endpointId;
    await client.query({
      name: 'set_channel_endpoint',
      text: 'update alert_channels set endpoint_id = $2, endpoint_version = $3 where id = $1',
      values: [uuidOf(channelId), uuidOf(endpointId), settingsVersion],
    });
    return before;
  });
}

/** Deletes the channels of deleted tenants, and shows on webhook channels whether their receivers fail. */
export async function tendChannels(db: Db): Promise<void> {
  await db.query({
    name: 'delete_channels_of_deleted_tenants',
    text: `
      update alert_channels c set deleted_at = now() from tenants t
      where t.id = c.tenant_id and t.deleted_at is not null and c.deleted_at is null`,
  });
  await db.query({
    name: 'show_failing_webhooks',
    text: `
      with shown as (
        select c.id, (
          select min(case when a.kind = 'endpoint.disabled' then 'the receiver failed for too long, or is gone: nothing is sent to it'
            else 'the receiver has accepted nothing since ' || (a.detail->>'since') end)
          from alerts a where a.state <> 'closed' and a.kind in ('endpoint.failing', 'endpoint.disabled') and a.endpoint_id = c.endpoint_id
        ) as error
        from alert_channels c where c.kind = 'webhook' and c.deleted_at is null and c.endpoint_id is not null
      )
      update alert_channels c set last_error = s.error, last_error_at = case when s.error is null then c.last_error_at else now() end
      from shown s where s.id = c.id and c.last_error is distinct from s.error`,
  });
}

/** Endpoints of deleted channels, which are to be deleted too. */
export async function leftOverEndpoints(db: Db): Promise<{ channelId: string; endpointId: string }[]> {
  const { rows } = await db.query<{ id: string; endpoint_id: string }>({
    name: 'left_over_endpoints',
    text: 'select id, endpoint_id from alert_channels where deleted_at is not null and endpoint_id is not null limit 100',
  });
  return rows.map((row) => ({ channelId: idOf('ach', row.id), endpointId: idOf('ep', row.endpoint_id) }));
}

export async function forgetChannelEndpoint(db: Db, channelId: string): Promise<void> {
  await db.query({
    name: 'forget_channel_endpoint',
    text: 'update alert_channels set endpoint_id = null where id = $1 and deleted_at is not null',
    values: [uuidOf(channelId)],
  });
}
