// Runs drains in this process without a workflow, so that lanes go on while Temporal is away. When
// Temporal is back, the drain of the lane's workflow takes over the lane, and the one here ends.
import type { Logger } from '#runtime/logger';
import type { Drain } from './drain-types.ts';

export interface DrainsHere {
  /** Starts a drain, unless one runs for this endpoint or `maxDrains` run in all. */
  begin(endpointId: string): void;
  stop(): Promise<void>;
}

export function createDrainsHere(drain: Drain, maxDrains: number, log: Logger): DrainsHere {
  const stopping = new AbortController();
  const underWay = new Map<string, Promise<unknown>>();

  return {
    begin(endpointId) {
      if (stopping.signal.aborted || underWay.has(endpointId) || underWay.size >= maxDrains) return;
      const draining = drain(endpointId, stopping.signal)
        .catch((error) => log.warn({ err: error, endpointId }, 'lane.not_drained'))
        .finally(() => underWay.delete(endpointId));
      underWay.set(endpointId, draining);
    },
    async stop() {
      stopping.abort();
      await Promise.all(underWay.values());
    },
  };
}
