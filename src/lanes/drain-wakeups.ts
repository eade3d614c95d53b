// Something was parked for a lane that is awake: a drain that waits for more looks at once. Only saves time: it looks by itself twice a second.

export interface DrainWakeups {
  wake(endpointIds: string[]): void;
  /** Resolves after so many milliseconds, or when this endpoint is nudged, or `stopping`. One waits for an endpoint at a time. */
  wait(endpointId: string, ms: number, stopping: AbortSignal): Promise<void>;
}

export function createDrainWakeups(): DrainWakeups {
  const waiting = new Map<string, () => void>();
  /** Nudged while nobody waited. */
  const nudged = new Set<string>();
  const looking = new Map<string, number>();

  return {
    wake(endpointIds) {
      for (const id of endpointIds) {
        const wake = waiting.get(id);
        if (wake) wake();
        else if (looking.has(id)) nudged.add(id);
      }
    },
    wait(endpointId, ms, stopping) {
      looking.set(endpointId, performance.now());
      if (looking.size > 1_000) forgetOld(looking, nudged);
      if (nudged.delete(endpointId) || stopping.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const end = () => {
          clearTimeout(timer);
          stopping.removeEventListener('abort', end);
          // who waited in vain must not take the place of who waits now
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

function forgetOld(looking: Map<string, number>, nudged: Set<string>): void {
  for (const [id, at] of looking) {
    if (performance.now() - at < oldMs) continue;
    looking.delete(id);
    nudged.delete(id);
  }
}
