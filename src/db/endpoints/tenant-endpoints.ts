// Reads the endpoints of a tenant for first attempts: all in one statement, with their version.
import type { Subscription } from '#domain/events/subscription';
import { filterOf } from '#domain/filters/filter';
import { idOf, uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';
import { type EndpointToSend, type EndpointToSendRow, toEndpointToSend } from './endpoint-to-send.ts';

export interface EndpointSnapshot extends EndpointToSend, Subscription {
  endpointId: string;
  host: string;
  /** Only its lane sends to it, because of its settings or its tenant's rate limit. */
  needsLane: boolean;
  /** Requests only after this time, in Unix ms of the database's clock; null: at once. */
  notBeforeMs: number | null;
  /** Microseconds of the database's clock: events accepted earlier are not sent to it. */
  createdAtUs: number;
  /** How the bodies of its deliveries are changed; null: they are sent as they were accepted. */
  shapeId: string | null;
  /** Secrets that are valid now or later, newest first. */
  secrets: { id: string; sealed: Buffer; validToMs: number | null }[];
}

export interface TenantEndpoints {
  version: number;
  /** Null: more than `limit`. */
  endpoints: EndpointSnapshot[] | null;
}

/**
 * The endpoints of each of these tenants, in order, with one statement. An unknown tenant has version 0 and no
 * endpoints.
 */
export async function readTenantEndpoints(db: Db, tenantIds: string[], limit: number): Promise<TenantEndpoints[]> {
  const { rows } = await db.query<Row>({
    name: 'read_tenant_endpoints',
    text: `
      select t.id as tenant_id, t.endpoints_version as version, p.id, p.host, p.event_types, p.channels, p.filter, p.sealed as target, p.target_version, p.format, p.signing, p.timeout_ms, p.max_in_flight,
        p.retry, p.gate, p.needs_lane or t.rate_limit is not null as needs_lane,
        extract(epoch from p.not_before)::float8 * 1000 as not_before_ms, (extract(epoch from p.created_at) * 1000000)::bigint as created_at_us, p.shape_id,
        s.ids as secret_ids, s.sealed, s.valid_to_ms
      from tenants t
      left join lateral (
        select id, host, event_types, channels, filter, sealed, target_version, format, signing, timeout_ms, max_in_flight, retry, gate, needs_lane, not_before, created_at, shape_id
        from endpoints where tenant_id = t.id and deleted_at is null order by id limit $2 + 1
      ) p on true
      left join lateral (
        select array_agg(id order by valid_from desc, id desc) as ids, array_agg(sealed order by valid_from desc, id desc) as sealed,
          array_agg(extract(epoch from valid_to)::float8 * 1000 order by valid_from desc, id desc) as valid_to_ms
        from endpoint_secrets where endpoint_id = p.id and (valid_to is null or valid_to > now())
      ) s on true
      where t.id = any($1::uuid[])
      order by t.id, p.id`,
    values: [tenantIds.map(uuidOf), limit],
  });
  return ofTenants(tenantIds, rows).map(({ version, found }) => ({
    version,
    endpoints: found.length > limit ? null : found.map(toSnapshot),
  }));
}

/** The rows of each tenant, in the order of `tenantIds`. A tenant without endpoints has one row without an id. */
function ofTenants<R extends Pick<Row, 'tenant_id' | 'version' | 'id'>>(
  tenantIds: string[],
  rows: R[],
): { version: number; found: (R & { id: string })[] }[] {
  const byTenant = Map.groupBy(rows, ({ tenant_id }) => idOf('tnt', tenant_id));
  return tenantIds.map((tenantId) => {
    const own = byTenant.get(tenantId) ?? [];
    return { version: own[0]?.version ?? 0, found: own.filter((row): row is R & { id: string } => row.id !== null) };
  });
}

interface Row extends EndpointToSendRow {
  tenant_id: string;
  version: number;
  id: string | null;
  host: string;
  event_types: string[];
  channels: string[];
  filter: string | null;
  needs_lane: boolean;
  not_before_ms: number | null;
  created_at_us: number;
  shape_id: string | null;
  secret_ids: string[] | null;
  sealed: Buffer[] | null;
  valid_to_ms: (number | null)[] | null;
}

function toSnapshot(row: Row & { id: string }): EndpointSnapshot {
  return {
    endpointId: idOf('ep', row.id),
    host: row.host,
    eventTypes: row.event_types,
    channels: row.channels,
    filter: filterOf(row.filter),
    ...toEndpointToSend(row),
    needsLane: row.needs_lane,
    notBeforeMs: row.not_before_ms,
    createdAtUs: row.created_at_us,
    shapeId: row.shape_id,
    secrets: (row.secret_ids ?? []).map((secret, index) => ({
      id: idOf('sec', secret),
      sealed: row.sealed?.[index] ?? Buffer.alloc(0),
      validToMs: row.valid_to_ms?.[index] ?? null,
    })),
  };
}

/** The settings that decide which events an ordered endpoint gets. */
export interface OrderedEndpoint extends Subscription {
  endpointId: string;
  /** Microseconds of the database's clock: events accepted earlier are not sent to it. */
  createdAtUs: number;
}

/** All ordered endpoints of each of these tenants, in order, with one statement. */
export async function readOrderedEndpoints(db: Db, tenantIds: string[]): Promise<{ version: number; endpoints: OrderedEndpoint[] }[]> {
  const { rows } = await db.query<Pick<Row, 'tenant_id' | 'version' | 'id' | 'event_types' | 'channels' | 'filter' | 'created_at_us'>>({
    name: 'read_ordered_endpoints',
    text: `
      select t.id as tenant_id, t.endpoints_version as version, p.id, p.event_types, p.channels, p.filter,
        (extract(epoch from p.created_at) * 1000000)::bigint as created_at_us
      from tenants t left join endpoints p on p.tenant_id = t.id and p.ordering <> 'none' and p.deleted_at is null
      where t.id = any($1::uuid[])
      order by t.id, p.id`,
    values: [tenantIds.map(uuidOf)],
  });
  return ofTenants(tenantIds, rows).map(({ version, found }) => ({
    version,
    endpoints: found.map(({ id, event_types, channels, filter, created_at_us }) => ({
      endpointId: idOf('ep', id),
      eventTypes: event_types,
      channels,
      filter: filterOf(filter),
      createdAtUs: created_at_us,
    })),
  }));
}

/** The current versions of these tenants' endpoints. */
export async function readEndpointsVersions(db: Db, tenantIds: string[]): Promise<Map<string, number>> {
  const { rows } = await db.query<{ id: string; version: number }>({
    name: 'read_endpoints_versions',
    text: 'select id, endpoints_version as version from tenants where id = any($1::uuid[])',
    values: [tenantIds.map(uuidOf)],
  });
  return new Map(rows.map((row) => [idOf('tnt', row.id), row.version]));
}
