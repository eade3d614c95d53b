// Wakes a waiting drain of this process when a delivery is parked for its lane. Only saves time: a
// lost wakeup costs at most half a second, because drains also look twice a second.

import { LRUCache } from 'lru-cache';

export interface DrainWakeups {
  wake(endpointIds: string[]): void;
  /**
   * Resolves after `ms`, when `wake` names this endpoint, or when `stopping` is aborted. One waiter for each endpoint.
   */
  wait(endpointId: string, ms: number, stopping: AbortSignal): Promise<void>;
}

/** How many drains are known. Beyond that, the one that has not waited for longest can miss a wakeup. */
const maxDrains = 10_000;

export function createDrainWakeups(): DrainWakeups {
  const waiting = new Map<string, () => void>();
  /** Endpoints whose drain has waited here. `isMissed`: `wake` named the endpoint while its drain did not wait. */
  const drains = new LRUCache<string, { isMissed: boolean }>({ max: maxDrains });

  return {
    wake(endpointIds) {
      for (const id of endpointIds) {
        const wake = waiting.get(id);
        const drain = drains.peek(id);
        if (wake) wake();
        else if (drain) drain.isMissed = true;
      }
    },
    wait(endpointId, ms, stopping) {
      const isMissed = drains.peek(endpointId)?.isMissed ?? false;
      drains.set(endpointId, { isMissed: false });
      if (isMissed || stopping.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const end = () => {
          clearTimeout(timer);
          stopping.removeEventListener('abort', end);
          // an old waiter must not remove the entry of a newer one
          if (waiting.get(endpointId) === end) waiting.delete(endpointId);
          resolve();
        };
        const timer = setTimeout(end, ms);
        stopping.addEventListener('abort', end);
        waiting.set(endpointId, end);
      });
    },
  };
}
