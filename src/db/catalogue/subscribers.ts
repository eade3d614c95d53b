// The endpoints that get events of a type, for the answer to the question whom a change of its schema touches.
import { typePatterns } from '#domain/events/event-type';
import { idOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';

export interface Subscriber {
  endpoint: string;
  /** The producer's id. */
  tenant: string;
}

/** How many there are, and the first `limit` of them, newest first. Test and system endpoints count, too. */
export async function readSubscribers(db: Pick<Db, 'query'>, type: string, limit: number): Promise<{ count: number; first: Subscriber[] }> {
  const { rows } = await db.query<{ id: string; tenant: string; count: number }>({
    name: 'read_subscribers',
    text: `
      select p.id, t.external_id as tenant, count(*) over () as count
      from endpoints p join tenants t on t.id = p.tenant_id
      where p.deleted_at is null and t.deleted_at is null and (p.event_types = '{}' or p.event_types && $1::text[])
      order by p.id desc limit $2`,
    values: [typePatterns(type), limit],
  });
  return { count: rows[0]?.count ?? 0, first: rows.map(({ id, tenant }) => ({ endpoint: idOf('ep', id), tenant })) };
}

export interface StoredFilter extends Subscriber {
  /** JSON. */
  filter: string;
}

/** The filters of the endpoints that get events of the type, of the newest `limit` endpoints with a filter. */
export async function readFilters(db: Pick<Db, 'query'>, type: string, limit: number): Promise<StoredFilter[]> {
  const { rows } = await db.query<{ id: string; tenant: string; filter: string }>({
    name: 'read_filters_of_type',
    text: `
      select p.id, t.external_id as tenant, p.filter
      from endpoints p join tenants t on t.id = p.tenant_id
      where p.deleted_at is null and t.deleted_at is null and p.filter is not null
        and (p.event_types = '{}' or p.event_types && $1::text[])
      order by p.id desc limit $2`,
    values: [typePatterns(type), limit],
  });
  return rows.map(({ id, tenant, filter }) => ({ endpoint: idOf('ep', id), tenant, filter }));
}
