// How long a delivery waits that found no free place: the more are waiting for the same, the longer, so that a crowd comes back
// as fast as it could be served and not as fast as it can ask. A crowd behind one endpoint waits in that endpoint's lane at last.

const leastMs = 1_000;
const mostMs = 60_000;

export interface SlotOverflow {
  /** How many that were turned away wait for places of `whose`. */
  waiting(whose: string): number;
  /** Milliseconds to wait, jittered, for a delivery that found none of so many `places` of `whose`. */
  waitMs(whose: string, deliveryId: string, places: number): number;
}

/** Who waits is looked through so often at most. */
const lookEveryMs = 1_000;

interface Crowd {
  /** Until when each delivery that was turned away counts as waiting. */
  until: Map<string, number>;
  lookedAt: number;
}

export function createSlotOverflow(random: () => number = Math.random, now: () => number = () => performance.now()): SlotOverflow {
  /** By whose places they wait for. */
  const waiting = new Map<string, Crowd>();

  return {
    waiting: (whose) => waiting.get(whose)?.until.size ?? 0,
    waitMs(whose, deliveryId, places) {
      const at = now();
      const crowd = waiting.get(whose) ?? { until: new Map<string, number>(), lookedAt: at };
      waiting.set(whose, crowd);
      if (at - crowd.lookedAt >= lookEveryMs) forgetServed(crowd, at);
      const turns = Math.max(1, (crowd.until.size + 1) / places);
      const wait = Math.min(mostMs, leastMs * turns * (1 + random()));
      crowd.until.set(deliveryId, at + wait + leastMs);
      if (waiting.size > 1_000) forgetIdle(waiting, at);
      return Math.round(wait);
    },
  };
}

/** All of them are looked at: waits are jittered, and do not end in the order in which they began. */
function forgetServed(crowd: Crowd, at: number): void {
  crowd.lookedAt = at;
  for (const [id, until] of crowd.until) if (until <= at) crowd.until.delete(id);
}

function forgetIdle(waiting: Map<string, Crowd>, at: number): void {
  for (const [whose, crowd] of waiting) {
    forgetServed(crowd, at);
    if (crowd.until.size === 0) waiting.delete(whose);
  }
}
