// Refuses an endpoint for which its tenant has no room.
//
// What if two are made at once? The tenant's row is locked first and the endpoints are counted by a later statement, which sees what the other committed.
import { type EndpointCounts, type EndpointLimit, limitReached } from '../domain/endpoint-limits.ts';
import { uuidOf } from '../domain/ids.ts';
import type { Db } from './pool.ts';

type Querying = Pick<Db, 'query'>;

export class TooManyEndpoints extends Error {
  override name = 'TooManyEndpoints';
  readonly limit: EndpointLimit;

  constructor(limit: EndpointLimit) {
    super(`no room for another endpoint of this ${limit.of}: ${limit.most} at most`);
    this.limit = limit;
  }
}

export interface EndpointPlace {
  endpointId: string;
  /** The producer's id of its tenant. */
  tenant: string;
  /** Host and port of its new URL. */
  host: string;
  /** It is being made, so the tenant's own limit counts; else it moves to this host. */
  isNew: boolean;
  /** Null: any number. */
  mostAtHost: number | null;
}

/** To be called in the transaction that makes or moves it. Throws TooManyEndpoints. One that is at this host already is not refused. */
export async function refuseTooMany(client: Querying, place: EndpointPlace): Promise<void> {
  const { rows } = await client.query<{ id: string; max_endpoints: number }>({
    name: 'lock_tenant_of_endpoints',
    text: 'select id, max_endpoints from tenants where external_id = $1 and deleted_at is null for no key update',
    values: [place.tenant],
  });
  const [tenant] = rows;
  if (!tenant) return;
  const { isThere, ...counts } = await count(client, tenant.id, place);
  const most = { endpoints: place.isNew ? tenant.max_endpoints : null, atHost: place.mostAtHost };
  const limit = isThere ? null : limitReached(counts, most);
  if (limit) throw new TooManyEndpoints(limit);
}

async function count(
  client: Querying,
  tenantUuid: string,
  { endpointId, host }: EndpointPlace,
): Promise<EndpointCounts & { isThere: boolean }> {
  const { rows } = await client.query<{ endpoints: number; at_host: number; is_there: boolean }>({
    name: 'count_endpoints',
    text: `
      select
        count(*) filter (where id <> $2)::int as endpoints,
        count(*) filter (where id <> $2 and regexp_replace(host, ':[0-9]+$', '') = regexp_replace($3, ':[0-9]+$', ''))::int as at_host,
        coalesce(bool_or(id = $2 and regexp_replace(host, ':[0-9]+$', '') = regexp_replace($3, ':[0-9]+$', '')), false) as is_there
      from endpoints where tenant_id = $1 and deleted_at is null`,
    values: [tenantUuid, uuidOf(endpointId), host],
  });
  const { endpoints = 0, at_host: atHost = 0, is_there: isThere = false } = rows[0] ?? {};
  return { endpoints, atHost, isThere };
}
