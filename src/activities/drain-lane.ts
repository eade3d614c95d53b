// drainLane: sends what is held for one endpoint, until there is nothing to do now, or 10 minutes are over, or it is asked to stop: by a cancellation of the
// workflow, by the end of this worker, or by Temporal, which gave the lane to another.
// Idempotency key: the endpoint - each drain takes the lane for itself, and what was the drain before sends nothing from then on.
import { Context } from '@temporalio/activity';
import type { LaneReport } from '#domain/lane';
import type { Drain } from '#lanes/drain-types';

const heartbeatMs = 1_500;
/** So that lanes go round among the slots, and among workers. */
const longestMs = 10 * 60_000;

export function createDrainLane(drain: Drain) {
  return async function drainLane({ endpointId }: { endpointId: string }): Promise<LaneReport> {
    const context = Context.current();
    const longEnough = new AbortController();
    const beat = setInterval(() => context.heartbeat(), heartbeatMs);
    const over = setTimeout(() => longEnough.abort(), longestMs);
    try {
      return await drain(endpointId, AbortSignal.any([context.cancellationSignal, longEnough.signal]));
    } finally {
      clearInterval(beat);
      clearTimeout(over);
    }
  };
}
