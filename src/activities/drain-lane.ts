// drainLane: sends an endpoint's held deliveries until none is due, for at most 10 minutes; stops
// early on cancellation, worker shutdown, or when Temporal gave the lane to another worker.
// Idempotency key: the endpoint. A drain leases the lane, and takes it only when no other drain owns it.
import { Context } from '@temporalio/activity';
import type { LaneReport } from '#domain/lanes/lane';
import { usualTimings } from '#domain/timings';
import type { Drain } from '#lanes/drain-types';
import { startHeartbeats } from './heartbeats.ts';

/** Limits a drain, so that lanes rotate among activity slots and workers. */
const maxDrainMs = 10 * 60_000;

/**
 * `mayWait`: the workflow may wait for the lane's next time, and wake then. If not, it ends: the lane's row has the time,
 * and a relay drains it then. Default: it may.
 */
export function createDrainLane(drain: Drain, { everyMs } = usualTimings.heartbeat.drain, mayWait?: (tenantId: string) => boolean) {
  return async function drainLane({ endpointId }: { endpointId: string }): Promise<LaneReport> {
    const context = Context.current();
    const timeout = new AbortController();
    const beat = startHeartbeats(context, everyMs);
    const timer = setTimeout(() => timeout.abort(), maxDrainMs);
    try {
      const { tenantId, ...report } = await drain(endpointId, AbortSignal.any([context.cancellationSignal, timeout.signal]));
      if (!tenantId || report.state === 'awake' || report.dueInMs === null || (mayWait?.(tenantId) ?? true)) return report;
      return { ...report, state: 'idle', dueInMs: null };
    } finally {
      clearInterval(beat);
      clearTimeout(timer);
    }
  };
}
