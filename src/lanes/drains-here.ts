// Drains without Temporal: while it is away, what is held for an endpoint with a lane is sent all the same, by drains of this process that no workflow asked for.
// When it is back, the drain of the lane's workflow takes the lane from the one here, which ends.
import type { Logger } from '#runtime/logger';
import type { Drain } from './drain-types.ts';

export interface DrainsHere {
  /** One at a time for an endpoint; above `most` nothing is begun. */
  begin(endpointId: string): void;
  stop(): Promise<void>;
}

export function createDrainsHere(drain: Drain, most: number, log: Logger): DrainsHere {
  const stopping = new AbortController();
  const underWay = new Map<string, Promise<unknown>>();

  return {
    begin(endpointId) {
      if (stopping.signal.aborted || underWay.has(endpointId) || underWay.size >= most) return;
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
