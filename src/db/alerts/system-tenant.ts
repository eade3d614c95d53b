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
