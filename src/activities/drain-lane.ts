// drainLane: sends an endpoint's held deliveries until none is due, for at most 10 minutes; stops
// early on cancellation, worker shutdown, or when Temporal gave the lane to another worker.
// Idempotency key: the endpoint. A drain leases the lane; the previous drain is fenced.
import { Context } from '@temporalio/activity';
import type { LaneReport } from '#domain/lanes/lane';
import { usualTimings } from '#domain/timings';
import type { Drain } from '#lanes/drain-types';
import { startHeartbeats } from './heartbeats.ts';

/** Limits a drain, so that lanes rotate among activity slots and workers. */
const maxDrainMs = 10 * 60_000;

export function createDrainLane(drain: Drain, { everyMs } = usualTimings.heartbeat.drain) {
  return async function drainLane({ endpointId }: { endpointId: string }): Promise<LaneReport> {
    const context = Context.current();
    const timeout = new AbortController();
    const beat = startHeartbeats(context, everyMs);
    const timer = setTimeout(() => timeout.abort(), maxDrainMs);
    try {
      return await drain(endpointId, AbortSignal.any([context.cancellationSignal, timeout.signal]));
    } finally {
      clearInterval(beat);
      clearTimeout(timer);
    }
  };
}
