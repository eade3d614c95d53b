// What is known about the deliveries of an endpoint: from it, the effects of a change are told.
import { type LaneRecord, mostHeldCounted, readLane } from '#db/lanes/lane-views';
import { readMinutes } from '#db/stats/read-stats';
import type { EffectFacts } from '#domain/endpoints/change-effect';
import { spanOf, toStats } from '#domain/stats/stats';
import type { ApiDeps } from '../deps.ts';
import { showLane } from '../lanes/show-lane.ts';

const noBacklog = { held: 0, deadLettered: 0, oldestAt: null };

export async function effectFacts(deps: ApiDeps, endpointId: string): Promise<EffectFacts> {
  const nowMs = Date.now();
  const span = spanOf('24h', '1m', nowMs);
  const [record, minutes] = await Promise.all([readLane(deps.db, endpointId), readMinutes(deps.db, endpointId, new Date(span.sinceMs))]);
  const { totals, series } = toStats(minutes, span, noBacklog, nowMs, null);
  return {
    held: Math.min(record?.held ?? 0, mostHeldCounted),
    heldIsMore: (record?.held ?? 0) > mostHeldCounted,
    isFailing: record !== null && isFailing(deps, endpointId, record),
    busiestMinute: Math.max(...series.map(({ accepted }) => accepted)),
    p50Ms: totals.latencyMs.p50,
    p99Ms: totals.latencyMs.p99,
    defaultRetry: deps.defaultRetry,
  };
}

function isFailing(deps: ApiDeps, endpointId: string, record: LaneRecord): boolean {
  return record.asked || showLane(deps, endpointId, record).circuit.state === 'open';
}
