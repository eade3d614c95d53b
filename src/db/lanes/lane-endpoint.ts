// Reads the endpoint of a lane as it is now. Reading under an epoch checks the drain's lease too:
// if a row comes back, the drain was the owner when it asked.
import { idOf, uuidOf } from '#domain/ids';
import type { Batch, OnDeadLetter, Ordering, RateLimit } from '#domain/lanes/lane-settings';
import { type EndpointToSend, type EndpointToSendRow, toEndpointToSend } from '../endpoints/endpoint-to-send.ts';
import type { Db } from '../store/pool.ts';

export interface LaneEndpoint extends EndpointToSend {
  endpointId: string;
  tenantId: string;
  deleted: boolean;
  gateReason: string | null;
  /** Milliseconds left of the endpoint's Retry-After; 0: none. */
  retryAfterMs: number;
  rateLimit: RateLimit | null;
  tenantRateLimit: RateLimit | null;
  ordering: Ordering;
  /** Milliseconds since ordering was switched on; null: it was so from the start. */
  orderedForMs: number | null;
  onDeadLetter: OnDeadLetter;
  batch: Batch | null;
  coalesceMs: number | null;
  autoRecover: boolean;
  /**
   * From the lane's row: whether others park for it, whether a delivery may be hurried, and the state of its circuit.
   */
  lane: { parks: boolean; hurried: boolean; circuit: unknown; failingSinceMs: number | null };
  secrets: { id: string; sealed: Buffer }[];
}

/** Null: another drain owns the lane. */
export async function readLaneEndpoint(db: Db, endpointId: string, epoch: number): Promise<LaneEndpoint | null> {
  const { rows } = await db.query<EndpointRow>({
    name: 'read_lane_endpoint',
    text: `
      select p.tenant_id, p.sealed as target, p.target_version, p.format, p.signing, p.timeout_ms, p.max_in_flight, p.retry, p.gate, p.gate_reason, p.deleted_at is not null as deleted,
        greatest(extract(epoch from p.not_before - now()), 0)::float8 * 1000 as peace_ms, p.rate_limit, t.rate_limit as tenant_rate_limit, p.ordering,
        extract(epoch from now() - p.ordering_since)::float8 * 1000 as ordered_for_ms, p.on_dead_letter, p.batch, p.coalesce_ms, p.auto_recover,
        l.parks, l.hurried, case when l.target_version = p.target_version then l.circuit end as circuit,
        case when l.target_version = p.target_version then extract(epoch from l.failing_since)::float8 * 1000 end as failing_since_ms,
        array(select s.id from endpoint_secrets s where s.endpoint_id = p.id and (s.valid_to is null or s.valid_to > now()) order by s.valid_from desc, s.id desc) as secret_ids,
        array(select s.sealed from endpoint_secrets s where s.endpoint_id = p.id and (s.valid_to is null or s.valid_to > now()) order by s.valid_from desc, s.id desc) as sealed
      from lanes l join endpoints p on p.id = l.endpoint_id join tenants t on t.id = p.tenant_id
      where l.endpoint_id = $1 and l.epoch = $2`,
    values: [uuidOf(endpointId), epoch],
  });
  const [row] = rows;
  return row ? toLaneEndpoint(endpointId, row) : null;
}

interface EndpointRow extends EndpointToSendRow {
  tenant_id: string;
  gate_reason: string | null;
  deleted: boolean;
  peace_ms: number | null;
  rate_limit: RateLimit | null;
  tenant_rate_limit: RateLimit | null;
  ordering: Ordering;
  ordered_for_ms: number | null;
  on_dead_letter: OnDeadLetter;
  batch: Batch | null;
  coalesce_ms: number | null;
  auto_recover: boolean;
  parks: boolean;
  hurried: boolean;
  circuit: unknown;
  failing_since_ms: number | null;
  secret_ids: string[];
  sealed: Buffer[];
}

function toLaneEndpoint(endpointId: string, row: EndpointRow): LaneEndpoint {
  return {
    endpointId,
    tenantId: idOf('tnt', row.tenant_id),
    ...toEndpointToSend(row),
    deleted: row.deleted,
    gateReason: row.gate_reason,
    retryAfterMs: row.peace_ms ?? 0,
    rateLimit: row.rate_limit,
    tenantRateLimit: row.tenant_rate_limit,
    ordering: row.ordering,
    orderedForMs: row.ordered_for_ms,
    onDeadLetter: row.on_dead_letter,
    batch: row.batch,
    coalesceMs: row.coalesce_ms,
    autoRecover: row.auto_recover,
    lane: { parks: row.parks, hurried: row.hurried, circuit: row.circuit, failingSinceMs: row.failing_since_ms },
    secrets: row.secret_ids.map((id, index) => ({ id: idOf('sec', id), sealed: row.sealed[index] ?? Buffer.alloc(0) })),
  };
}
