// Computes how long a delivery waits after it got no slot: longer, the more deliveries wait for the
// same slots, so that they come back as fast as they can be served. Held in memory only.

const minMs = 1_000;
const maxMs = 60_000;

export interface SlotOverflow {
  /**
   * How many deliveries that got no slot wait for the slots of `owner`: an endpoint, a tenant, or '' for the process.
   */
  waiting(owner: string): number;
  /** The wait in milliseconds, with jitter, for a delivery that got none of the `places` slots of `owner`. */
  waitMs(owner: string, deliveryId: string, places: number): number;
}

/** The shortest time between two cleanups of the same crowd. */
const lookEveryMs = 1_000;

interface Crowd {
  /** Until when each delivery that got no slot counts as waiting. */
  until: Map<string, number>;
  lookedAt: number;
}

export function createSlotOverflow(random: () => number = Math.random, now: () => number = () => performance.now()): SlotOverflow {
  /** By the owner of the slots they wait for. */
  const waiting = new Map<string, Crowd>();

  return {
    waiting: (owner) => waiting.get(owner)?.until.size ?? 0,
    waitMs(owner, deliveryId, places) {
      const at = now();
      const crowd = waiting.get(owner) ?? { until: new Map<string, number>(), lookedAt: at };
      waiting.set(owner, crowd);
      if (at - crowd.lookedAt >= lookEveryMs) forgetServed(crowd, at);
      const turns = Math.max(1, (crowd.until.size + 1) / places);
      const wait = Math.min(maxMs, minMs * turns * (1 + random()));
      crowd.until.set(deliveryId, at + wait + minMs);
      if (waiting.size > 1_000) forgetIdle(waiting, at);
      return Math.round(wait);
    },
  };
}

/** Checks every delivery: waits have jitter, and do not end in the order in which they began. */
function forgetServed(crowd: Crowd, at: number): void {
  crowd.lookedAt = at;
  for (const [id, until] of crowd.until) if (until <= at) crowd.until.delete(id);
}

function forgetIdle(waiting: Map<string, Crowd>, at: number): void {
  for (const [owner, crowd] of waiting) {
    forgetServed(crowd, at);
    if (crowd.until.size === 0) waiting.delete(owner);
  }
}
