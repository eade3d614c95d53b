// Finds things by what people paste or type: ids, names and hosts. Each statement reads a bounded number of rows: one row by its
// key, or the newest tenants, endpoints and event types.
import type { DeliveryStatus } from '#domain/deliveries/delivery';
import { systemTenantId } from '#domain/endpoints/tenant';
import { idOf, isId, uuidOf } from '#domain/ids';
import type { HitKind, SearchHit } from '#domain/views/search-hit';
import type { Db } from '../store/pool.ts';

export interface SearchWanted {
  /** An id, or a part of a name or host in any case. */
  text: string;
  /** Null: of all tenants that the caller sees. */
  tenantId: string | null;
  /** Of each kind at most. */
  limit: number;
  /** If the text is a URL: endpoints whose URL contains it are found, too. */
  url: SoughtUrl | null;
}

export interface SoughtUrl {
  /** A part of the host. */
  host: string;
  /** Whether the encrypted target of an endpoint has such a URL. */
  isIn: (endpointId: string, sealed: Uint8Array) => boolean;
}

type Hits = Promise<SearchHit[]>;
type Search = (db: Db, wanted: SearchWanted) => Hits;

/** So many of the newest tenants, endpoints and event types are looked at. */
const mostLookedAt = 20_000;

/** Of so many endpoints with the host of a URL the target is decrypted, which takes about 10 ms. */
const mostOpened = 1_000;

export const searches: Record<HitKind, Search> = { delivery, event, endpoint, tenant, event_type: eventType };

async function delivery(db: Db, { text, tenantId }: SearchWanted): Hits {
  if (!isId('dlv', text)) return [];
  const { rows } = await db.query<{ tenant: string; event_type: string; status: DeliveryStatus; host: string; created_at: Date }>({
    name: 'search_delivery',
    text: `
      select t.external_id as tenant, d.event_type, d.status, p.host, d.created_at
      from deliveries d join tenants t on t.id = d.tenant_id join endpoints p on p.id = d.endpoint_id
      where d.id = $1 and ($2::uuid is null or d.tenant_id = $2)`,
    values: [uuidOf(text), tenantId && uuidOf(tenantId)],
  });
  return rows.map(({ tenant, event_type, status, host, created_at }) => ({
    kind: 'delivery',
    id: text,
    tenant,
    title: event_type,
    detail: host,
    status,
    at: created_at.toISOString(),
  }));
}

/** Producers choose ids, each for its own tenant: without a tenant, the id is looked up in each of the newest. */
async function event(db: Db, { text, tenantId, limit }: SearchWanted): Hits {
  if (!/^[\w-]{1,128}$/.test(text)) return [];
  const { rows } = await db.query<{ tenant: string; type: string; accepted_at: Date }>({
    name: 'search_event',
    text: `
      select t.tenant, e.type, e.accepted_at
      from (
        select id, external_id as tenant from tenants where deleted_at is null and ($2::uuid is null or id = $2) order by id desc limit $4
      ) t
      cross join lateral (select event_id from event_ids where tenant_id = t.id and external_id = $1 offset 0) i
      cross join lateral (select type, accepted_at from events where id = i.event_id offset 0) e
      limit $3`,
    values: [text, tenantId && uuidOf(tenantId), limit, mostLookedAt],
  });
  return rows.map(({ tenant, type, accepted_at }) => ({
    kind: 'event',
    id: text,
    tenant,
    title: type,
    detail: '',
    status: null,
    at: accepted_at.toISOString(),
  }));
}

interface EndpointHit {
  id: string;
  tenant: string;
  host: string;
  description: string;
  created_at: Date;
  /** Null: its host or description contains the text. */
  sealed: Buffer | null;
}

async function endpoint(db: Db, { text, tenantId, limit, url }: SearchWanted): Hits {
  const { rows } = await db.query<EndpointHit>({
    name: 'search_endpoint',
    text: `
      select p.id, t.external_id as tenant, p.host, p.description, p.created_at, case when not p.is_named then p.sealed end as sealed
      from (
        select id, tenant_id, host, description, created_at, sealed,
          $1::uuid is not null or strpos(lower(host || E'\\n' || description), lower($2)) > 0 as is_named
        from endpoints
        where deleted_at is null and tenant_id <> $6 and ($1::uuid is null or id = $1) and ($3::uuid is null or tenant_id = $3)
        order by id desc limit $5
      ) p join tenants t on t.id = p.tenant_id
      where p.is_named or strpos(p.host, $7) > 0
      order by p.id desc limit $4`,
    values: [
      isId('ep', text) ? uuidOf(text) : null,
      text,
      tenantId && uuidOf(tenantId),
      url ? mostOpened : limit,
      mostLookedAt,
      uuidOf(systemTenantId),
      url?.host ?? null,
    ],
  });
  const found = rows.filter(({ id, sealed }) => sealed === null || url?.isIn(idOf('ep', id), sealed));
  return found.slice(0, limit).map(({ id, tenant, host, description, created_at }) => ({
    kind: 'endpoint',
    id: idOf('ep', id),
    tenant,
    title: host,
    detail: description,
    status: null,
    at: created_at.toISOString(),
  }));
}

async function tenant(db: Db, { text, tenantId, limit }: SearchWanted): Hits {
  const { rows } = await db.query<{ external_id: string; name: string; created_at: Date }>({
    name: 'search_tenant',
    text: `
      select external_id, name, created_at
      from (
        select id, external_id, name, created_at from tenants
        where deleted_at is null and id <> $5 and ($2::uuid is null or id = $2) order by id desc limit $4
      ) t
      where strpos(lower(external_id || E'\\n' || name), lower($1)) > 0
      order by external_id <> $1, id desc limit $3`,
    values: [text, tenantId && uuidOf(tenantId), limit, mostLookedAt, uuidOf(systemTenantId)],
  });
  return rows.map(({ external_id, name, created_at }) => ({
    kind: 'tenant',
    id: external_id,
    tenant: null,
    title: name,
    detail: '',
    status: null,
    at: created_at.toISOString(),
  }));
}

async function eventType(db: Db, { text, limit }: SearchWanted): Hits {
  const { rows } = await db.query<{ name: string; description: string; created_at: Date }>({
    name: 'search_event_type',
    text: `
      select name, description, created_at
      from (select id, name, description, created_at from event_types order by id desc limit $3) t
      where strpos(lower(name), lower($1)) > 0
      order by name limit $2`,
    values: [text, limit, mostLookedAt],
  });
  return rows.map(({ name, description, created_at }) => ({
    kind: 'event_type',
    id: name,
    tenant: null,
    title: name,
    detail: description,
    status: null,
    at: created_at.toISOString(),
  }));
}
