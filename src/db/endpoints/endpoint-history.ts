// Reads the endpoints of a tenant as they were when an event was accepted, and as they are now.
import type { Subscription } from '#domain/events/subscription';
import { filterOf } from '#domain/filters/filter';
import { idOf, uuidOf } from '#domain/ids';
import type { LaneReason, LaneWait } from '#domain/lanes/lane';
import type { HoldingFacts } from '#domain/views/held-by';
import type { Db } from '../store/pool.ts';

export interface EndpointPage {
  /** Only this one; null: all. */
  endpointId: string | null;
  /** Begins after this endpoint, in the order of ids; null: with the first. */
  after: string | null;
  limit: number;
}

/** An endpoint and its past, in the words of `mismatchOf` and `explain`. */
export interface EndpointThen {
  endpointId: string;
  host: string;
  createdLater: boolean;
  deletedBefore: boolean;
  deleted: boolean;
  deletedAt: Date | null;
  subscriptions: Subscription[];
  gateThen: HoldingFacts['gate'];
  gateReasonThen: string | null;
  holding: HoldingFacts;
}

/** The tenant's endpoints, deleted ones included, in the order of ids. `eventId`: internal. */
export async function endpointsThen(db: Db, tenantId: string, eventId: string, page: EndpointPage): Promise<EndpointThen[]> {
  const { rows } = await db.query<Row>({
    // not prepared by name, so that the id of the event selects its partition
    text: `
      with accepted as (select accepted_at as at from events where id = $2)
      select p.id, p.host, p.created_at > a.at as created_later, coalesce(p.deleted_at <= a.at, false) as deleted_before, p.deleted_at, p.event_types, p.channels, p.filter,
        p.gate, p.gate_reason, p.not_before, p.rate_limit is not null or t.rate_limit is not null as has_rate_limit, p.ordering <> 'none' as is_ordered,
        p.batch is not null as is_batched, p.coalesce_ms is not null as coalesces, l.state_reason, l.reason, h.past
      from endpoints p join tenants t on t.id = p.tenant_id cross join accepted a left join lanes l on l.endpoint_id = p.id
      cross join lateral (
        select coalesce(jsonb_agg(to_jsonb(h) order by h.until), '[]') as past from endpoint_history h where h.endpoint_id = p.id and h.until > a.at
      ) h
      where p.tenant_id = $1 and ($3::uuid is null or p.id = $3) and ($4::uuid is null or p.id > $4)
      order by p.id limit $5`,
    values: [uuidOf(tenantId), uuidOf(eventId), page.endpointId && uuidOf(page.endpointId), page.after && uuidOf(page.after), page.limit],
  });
  return rows.map(toEndpoint);
}

interface Past {
  event_types: string[];
  channels: string[];
  filter: string | null;
  gate: HoldingFacts['gate'];
  gate_reason: string | null;
}

interface Row extends Past {
  id: string;
  host: string;
  created_later: boolean;
  deleted_before: boolean;
  deleted_at: Date | null;
  not_before: Date | null;
  has_rate_limit: boolean;
  is_ordered: boolean;
  is_batched: boolean;
  coalesces: boolean;
  state_reason: LaneWait | null;
  reason: LaneReason | null;
  past: Past[];
}

function toEndpoint(row: Row): EndpointThen {
  const then = row.past[0] ?? row;
  return {
    endpointId: idOf('ep', row.id),
    host: row.host,
    createdLater: row.created_later,
    deletedBefore: row.deleted_before,
    deleted: row.deleted_at !== null,
    deletedAt: row.deleted_at,
    subscriptions: [...row.past, row].map((one) => ({
      eventTypes: one.event_types,
      channels: one.channels,
      filter: filterOf(one.filter),
    })),
    gateThen: then.gate,
    gateReasonThen: then.gate_reason,
    holding: {
      gate: row.gate,
      gateReason: row.gate_reason,
      notBefore: row.not_before,
      waitingFor: row.state_reason,
      laneReason: row.reason,
      hasRateLimit: row.has_rate_limit,
      isOrdered: row.is_ordered,
      isBatched: row.is_batched,
      coalesces: row.coalesces,
    },
  };
}

/** Deletes what is older than all events. Returns how many rows; 0: none are left. */
export async function deleteOldHistory(db: Db): Promise<number> {
  const { rowCount } = await db.query({
    name: 'delete_old_history',
    text: `
      delete from endpoint_history where ctid = any(array(
        select h.ctid from endpoint_history h
        where h.until < coalesce((select accepted_at from events order by id limit 1), now()) - interval '1 day'
        order by h.until limit 1000))`,
  });
  return rowCount ?? 0;
}
