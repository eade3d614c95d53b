// Refuses an endpoint that exceeds a limit of its tenant. Safe for concurrent calls: the tenant's
// row is locked first, and a later statement counts, so it sees what another call has committed.
import { type EndpointCounts, type EndpointLimit, limitReached } from '#domain/endpoints/endpoint-limits';
import { uuidOf } from '#domain/ids';
import type { SealedTarget } from '#sealing/endpoint-target-encryption';
import type { Db } from '../store/pool.ts';

type Querying = Pick<Db, 'query'>;

export class TooManyEndpoints extends Error {
  override name = 'TooManyEndpoints';
  readonly limit: EndpointLimit;

  constructor(limit: EndpointLimit) {
    super(`this ${limit.of} has reached its limit of ${limit.most} endpoints`);
    this.limit = limit;
  }
}

export interface EndpointPlace {
  endpointId: string;
  /** The producer's id of the tenant. */
  tenant: string;
  /** The hosts that its requests go to. */
  target: Pick<SealedTarget, 'host' | 'tokenHost'>;
  /** True: the endpoint is being created, so the tenant's own limit counts. False: its target changes. */
  isNew: boolean;
  /** Null: no limit. */
  mostAtHost: number | null;
}

/**
 * Call it in the transaction that creates or moves the endpoint. Throws TooManyEndpoints, except for a host where the
 * endpoint is already.
 */
export async function refuseTooMany(client: Querying, place: EndpointPlace): Promise<void> {
  if (!place.isNew && place.mostAtHost === null) return;
  const { rows } = await client.query<{ id: string; max_endpoints: number }>({
    name: 'lock_tenant_of_endpoints',
    text: 'select id, max_endpoints from tenants where external_id = $1 and deleted_at is null for no key update',
    values: [place.tenant],
  });
  const [tenant] = rows;
  if (!tenant) return;
  const { isMade, ...counts } = await count(client, tenant.id, place);
  const most = { endpoints: place.isNew && !isMade ? tenant.max_endpoints : null, atHost: place.mostAtHost };
  const limit = limitReached(counts, most);
  if (limit) throw new TooManyEndpoints(limit);
}

interface HostRow {
  endpoints: number;
  at_host: number;
  is_made: boolean;
  is_there: boolean;
}

async function count(
  client: Querying,
  tenantUuid: string,
  { endpointId, target }: EndpointPlace,
): Promise<EndpointCounts & { isMade: boolean }> {
  const { rows } = await client.query<HostRow>({
    name: 'count_endpoints',
    text: `
      select count(*) filter (where id <> $2)::int as endpoints, coalesce(bool_or(id = $2), false) as is_made,
        count(*) filter (where id <> $2 and h.name in (url_host, token_host))::int as at_host,
        coalesce(bool_or(id = $2 and h.name in (url_host, token_host)), false) as is_there
      from unnest($3::text[]) as h (name)
      left join (
        select id, regexp_replace(host, ':[0-9]+$', '') as url_host, regexp_replace(token_host, ':[0-9]+$', '') as token_host
        from endpoints where tenant_id = $1 and deleted_at is null
      ) p on true
      group by h.name`,
    values: [tenantUuid, uuidOf(endpointId), hostNames(target)],
  });
  return {
    endpoints: rows[0]?.endpoints ?? 0,
    atHost: Math.max(0, ...rows.filter((row) => !row.is_there).map((row) => row.at_host)),
    isMade: rows[0]?.is_made ?? false,
  };
}

function hostNames({ host, tokenHost }: EndpointPlace['target']): string[] {
  const names = [host, tokenHost].flatMap((one) => (one == null ? [] : [one.replace(/:\d+$/, '')]));
  return [...new Set(names)];
}
