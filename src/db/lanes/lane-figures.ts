// Figures of all lanes for /metrics and /v1/status. Reads a bounded number of rows, however many
// are held.
import { idOf } from '#domain/ids';
import { type LaneState, type LaneWait, laneStates } from '#domain/lanes/lane';
import type { Db } from '../store/pool.ts';
import { mostHeldCounted } from './lane-views.ts';

const mostEndpoints = 20;

export interface LaneFigures {
  lanes: Record<LaneState, number>;
  /** Held deliveries; counted up to 100,000. */
  held: number;
  heldIsMore: boolean;
  /** Age of the oldest held delivery; 0: none is held. */
  oldestHeldSeconds: number;
  /** The 20 endpoints with the most held deliveries, among those counted. */
  endpoints: HoldingEndpoint[];
}

export interface HoldingEndpoint {
  endpointId: string;
  held: number;
  /** Age of its oldest held delivery. */
  oldestSeconds: number;
  /** Null: the endpoint has no lane yet. */
  lane: { state: LaneState; waitingFor: LaneWait | null } | null;
}

export async function readLaneFigures(db: Db): Promise<LaneFigures> {
  const { rows } = await db.query<Row>({
    name: 'read_lane_figures',
    text: `
      with counted as materialized (
        select endpoint_id, count(*)::int as held
        from (select endpoint_id from deliveries where status = 'held' limit $1) as first_ones group by endpoint_id
      )
      select (select coalesce(jsonb_object_agg(state, lanes), '{}') from (select state, count(*) as lanes from lanes group by state) s) as lanes,
        (select coalesce(sum(held), 0)::int from counted) as held,
        (select extract(epoch from now() - created_at)::float8
         from (select created_at from deliveries where status = 'held' and status <> 'succeeded' order by id limit 1) o) as oldest_seconds,
        (select coalesce(jsonb_agg(m order by m.held desc, m.endpoint_id), '[]') from (
          select c.endpoint_id, c.held, l.state, l.state_reason, extract(epoch from now() - o.created_at)::float8 as oldest_seconds
          from (select endpoint_id, held from counted order by held desc, endpoint_id limit $2) c
          left join lanes l on l.endpoint_id = c.endpoint_id
          left join lateral (
            select created_at from deliveries where endpoint_id = c.endpoint_id and status = 'held' and status <> 'succeeded' order by id limit 1
          ) o on true
        ) m) as endpoints`,
    values: [mostHeldCounted + 1, mostEndpoints],
  });
  const { lanes = {}, held = 0, oldest_seconds: oldest = null, endpoints = [] } = rows[0] ?? {};
  return {
    lanes: Object.fromEntries(laneStates.map((state) => [state, lanes[state] ?? 0])) as Record<LaneState, number>,
    held: Math.min(held, mostHeldCounted),
    heldIsMore: held > mostHeldCounted,
    oldestHeldSeconds: Math.max(0, oldest ?? 0),
    endpoints: endpoints.map(toHolding),
  };
}

interface Row {
  lanes: Partial<Record<LaneState, number>>;
  held: number;
  oldest_seconds: number | null;
  endpoints: EndpointRow[];
}

interface EndpointRow {
  endpoint_id: string;
  held: number;
  state: LaneState | null;
  state_reason: LaneWait | null;
  oldest_seconds: number | null;
}

function toHolding({ endpoint_id, held, state, state_reason: waitingFor, oldest_seconds: oldest }: EndpointRow): HoldingEndpoint {
  return { endpointId: idOf('ep', endpoint_id), held, oldestSeconds: Math.max(0, oldest ?? 0), lane: state && { state, waitingFor } };
}
