// Wakes a waiting drain of this process when a delivery is parked for its lane. Only saves time: a
// lost wakeup costs at most half a second, because drains also look twice a second.

export interface DrainWakeups {
  wake(endpointIds: string[]): void;
  /**
   * Resolves after `ms`, when `wake` names this endpoint, or when `stopping` is aborted. One waiter for each endpoint.
   */
  wait(endpointId: string, ms: number, stopping: AbortSignal): Promise<void>;
}

export function createDrainWakeups(): DrainWakeups {
  const waiting = new Map<string, () => void>();
  /** Endpoints that `wake` named while no drain waited. */
  const missed = new Set<string>();
  /** When a drain last waited, by endpoint. */
  const lastWaits = new Map<string, number>();

  return {
    wake(endpointIds) {
      for (const id of endpointIds) {
        const wake = waiting.get(id);
        if (wake) wake();
        else if (lastWaits.has(id)) missed.add(id);
      }
    },
    wait(endpointId, ms, stopping) {
      lastWaits.set(endpointId, performance.now());
      if (lastWaits.size > 1_000) forgetOld(lastWaits, missed);
      if (missed.delete(endpointId) || stopping.aborted) return Promise.resolve();
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

const oldMs = 60_000;

function forgetOld(lastWaits: Map<string, number>, missed: Set<string>): void {
  for (const [id, at] of lastWaits) {
    if (performance.now() - at < oldMs) continue;
    lastWaits.delete(id);
    missed.delete(id);
  }
}
