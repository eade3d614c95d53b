// Lists the endpoints of a tenant or of all tenants for people, with their condition and figures. A page looks at a
// bounded number of endpoints.
import { unverified } from '#domain/endpoints/verification';
import { idOf, uuidOf } from '#domain/ids';
import type { EndpointCondition, EndpointFigures } from '#domain/views/endpoint-summary';
import type { Db } from '../store/pool.ts';
import { type EndpointRow, endpointColumns, type StoredEndpoint, toEndpoint } from './endpoint-row.ts';

export interface EndpointFilter {
  tenantId: string | null;
  conditions: readonly EndpointCondition[] | null;
  /** In the host, the description or the id of its tenant; or the id of an endpoint. */
  search: string | null;
  /** If the search is a URL: a part of the host of endpoints that are found, too, and whether their encrypted target has it. */
  url: { host: string; isIn: (endpoint: StoredEndpoint) => boolean } | null;
  /** Only endpoints with lower ids. */
  before: string | null;
}

export interface FoundEndpoint {
  endpoint: StoredEndpoint;
  condition: EndpointCondition;
  figures: EndpointFigures;
}

export interface EndpointPage {
  found: FoundEndpoint[];
  /** The id below which the next page begins, if the search ended with endpoints left to look at. */
  goesOn: string | null;
}

/** A filter is applied to at most this many endpoints; the next page continues after them. */
const rowsSearched = 10_000;

// The order is that of `endpointConditions`.
const condition = `case
    when p.gate = 'disabled' then 'disabled'
    when p.gate = 'held' and p.gate_reason = '${unverified}' then 'unverified'
    when p.gate = 'held' then 'paused'
    when l.circuit->>'state' = 'open' or exists (
      select from alerts a where a.kind = 'endpoint.failing' and a.subject = p.id::text and a.state <> 'closed') then 'failing'
    when p.ordering <> 'none' and l.state_reason = 'blocked_by_dead_letter' then 'blocked'
    when p.not_before > now() then 'retry_after'
    else 'ok' end`;

/** Newest first. */
export async function searchEndpoints(db: Db, filter: EndpointFilter, limit: number): Promise<EndpointPage> {
  const { tenantId, conditions, search, url, before } = filter;
  const id = uuidIn(search);
  const text = id === null ? (search?.toLowerCase() ?? null) : null;
  const searched = conditions === null && search === null ? limit : Math.max(rowsSearched, limit);
  const { rows } = await db.query<Row>({
    // not prepared by name: planned with its values, a filter that is null costs nothing
    text: `
      with scanned as materialized (
        select p.id, p.host, p.description, t.external_id, ${condition} as condition
        from endpoints p join tenants t on t.id = p.tenant_id left join lanes l on l.endpoint_id = p.id
        where p.deleted_at is null and ($1::uuid is null or p.tenant_id = $1) and p.id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
          and ($7::uuid is null or p.id = $7)
        order by p.id desc limit $5
      ), page as (
        select id, condition, is_named from (
          select id, condition, host, $4::text is null or strpos(lower(host || E'\\n' || description || E'\\n' || external_id), $4) > 0 as is_named
          from scanned
        ) named
        where ($3::text[] is null or condition = any($3))
          and (is_named or strpos(host, $8) > 0)
        order by id desc limit $6
      )
      select ${endpointColumns}, f.condition, f.is_named, b.held, b.dead_lettered, b.oldest_at, a.delivered, a.failed, s.goes_on
      from (
        select case when (select count(*) from page) < $6 then (select id from scanned order by id desc offset $5 - 1 limit 1) end as goes_on
      ) s
      left join page f on true left join endpoints p on p.id = f.id left join tenants t on t.id = p.tenant_id
      left join stats_backlogs b on b.id = p.id
      left join lateral (
        select coalesce(sum(m.delivered), 0)::float8 as delivered, coalesce(sum(m.failed), 0)::float8 as failed
        from (
          select delivered, failed from stats_hours where id = p.id and at >= date_trunc('hour', now() - interval '24 hours')
          union all
          select delivered, failed from stats_minutes
          where id = p.id and at >= greatest(now() - interval '24 hours', (select final_until from stats_progress))
        ) m
      ) a on true
      order by p.id desc`,
    values: [tenantId && uuidOf(tenantId), before && uuidOf(before), conditions, text, searched, limit, id, url?.host ?? null],
  });
  const found = rows.filter(({ id }) => id !== null);
  const kept = found.filter((row) => row.is_named || url?.isIn(toEndpoint(row)));
  // what is left out of a full page does not end the list
  const goesOn = kept.length < found.length && found.length === limit ? found.at(-1)?.id : rows[0]?.goes_on;
  return { found: kept.map(toFound), goesOn: goesOn ? idOf('ep', goesOn) : null };
}

/** The UUID of `ep_…`; null: it is no id. */
function uuidIn(search: string | null): string | null {
  return search !== null && /^ep_[0-9a-f]{32}$/.test(search) ? uuidOf(search) : null;
}

type Row = EndpointRow & {
  condition: EndpointCondition;
  is_named: boolean;
  held: number | null;
  dead_lettered: number | null;
  oldest_at: Date | null;
  delivered: number;
  failed: number;
  goes_on: string | null;
};

function toFound(row: Row): FoundEndpoint {
  const { delivered, failed, oldest_at: oldestAt } = row;
  const attempts = delivered + failed;
  return {
    endpoint: toEndpoint(row),
    condition: row.condition,
    figures: {
      delivered,
      failed,
      successRate: attempts === 0 ? null : delivered / attempts,
      held: row.held ?? 0,
      deadLettered: row.dead_lettered ?? 0,
      oldestWaitingMs: oldestAt && Math.max(0, Date.now() - oldestAt.getTime()),
    },
  };
}
