// Looks up what a person typed: ids, and parts of names. Each statement returns a bounded number of rows.
import { type IdPrefix, idOf, isId, uuidOf } from '#domain/ids';
import type { Found, FoundKind } from '#domain/views/found';
import type { Db } from '../store/pool.ts';

export interface FindWish {
  text: string;
  /** Internal; null: of all tenants. */
  tenantId: string | null;
  limit: number;
}

/** An event is looked for in at most so many tenants: its ids are indexed within its tenant. */
const tenantsSearched = 5_000;

type Row = { id: string; tenant: string | null; title: string; status: string | null };

const prefixes: Partial<Record<FoundKind, IdPrefix>> = { delivery: 'dlv', endpoint: 'ep', replay: 'rpl', alert: 'alr' };

/** Of one kind. The best matches come first. */
export async function find(db: Db, kind: FoundKind, { text, tenantId, limit }: FindWish): Promise<Found[]> {
  const isUuid = kind !== 'event' && kind !== 'tenant' && kind !== 'event_type' && /^[a-z]{2,3}_[0-9a-f]{32}$/.test(text);
  const [query, key] = isUuid ? [byId(kind, text), uuidOf(text)] : [byText[kind], text];
  if (query === undefined) return [];
  // not prepared by name: planned with its values, a tenant that is null costs nothing, and an id selects the partition
  const { rows } = await db.query<Row>({ text: query, values: [key, tenantId && uuidOf(tenantId), limit] });
  const prefix = prefixes[kind];
  return rows.map((row) => ({
    kind,
    id: prefix ? idOf(prefix, row.id) : row.id,
    tenant: row.tenant,
    title: row.title,
    status: row.status,
  }));
}

const deliveryRows = `
  select d.id, t.external_id as tenant, d.event_type || ' → ' || p.host as title, d.status
  from deliveries d join tenants t on t.id = d.tenant_id join endpoints p on p.id = d.endpoint_id`;
const endpointRows = `
  select p.id, t.external_id as tenant, p.host || case when p.description = '' then '' else ' · ' || p.description end as title,
    case when p.deleted_at is not null then 'deleted' else p.gate end as status
  from endpoints p join tenants t on t.id = p.tenant_id`;

function byId(kind: FoundKind, text: string): string | undefined {
  if (kind === 'delivery' && isId('bat', text))
    return `${deliveryRows}
      where d.id in (select distinct delivery_id from attempts where batch_id = $1) and ($2::uuid is null or d.tenant_id = $2) order by d.id limit $3`;
  return ids[kind];
}

const ids: Partial<Record<FoundKind, string>> = {
  delivery: `${deliveryRows} where d.id = $1 and ($2::uuid is null or d.tenant_id = $2) limit $3`,
  endpoint: `${endpointRows} where p.id = $1 and ($2::uuid is null or p.tenant_id = $2) limit $3`,
  replay: `
    select r.id, t.external_id as tenant, 'replay' as title, r.status from replays r left join tenants t on t.id = r.tenant_id
    where r.id = $1 and ($2::uuid is null or r.tenant_id = $2) limit $3`,
  alert: `
    select a.id, t.external_id as tenant, a.kind as title, a.state as status from alerts a left join tenants t on t.id = a.tenant_id
    where a.id = $1 and ($2::uuid is null or a.tenant_id = $2) limit $3`,
};

const byText: Partial<Record<FoundKind, string>> = {
  event: `
    select i.external_id as id, t.external_id as tenant, e.type as title, null as status
    from (
      select id, external_id from tenants where deleted_at is null and ($2::uuid is null or id = $2) order by id limit ${tenantsSearched}
    ) t
    cross join lateral (select * from event_ids where tenant_id = t.id and external_id = $1 limit 1) i
    join events e on e.id = i.event_id
    order by i.event_id desc limit $3`,
  endpoint: `${endpointRows}
    where p.deleted_at is null and ($2::uuid is null or p.tenant_id = $2)
      and (position(lower($1) in lower(p.host)) > 0 or position(lower($1) in lower(p.description)) > 0)
    order by position(lower($1) in lower(p.host)) <> 1, p.host, p.id limit $3`,
  tenant: `
    select external_id as id, external_id as tenant, name as title, null as status from tenants
    where deleted_at is null and ($2::uuid is null or id = $2)
      and (position(lower($1) in lower(external_id)) > 0 or position(lower($1) in lower(name)) > 0)
    order by external_id <> $1, position(lower($1) in lower(external_id)) <> 1, external_id limit $3`,
  // types belong to no tenant
  event_type: `
    select name as id, null as tenant, description as title, visibility as status from event_types
    where position(lower($1) in name) > 0 and ($2::uuid is null or true)
    order by position(lower($1) in name) <> 1, name limit $3`,
};
