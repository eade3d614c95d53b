// How long a delivery without a free place waits: the more are waiting for the same endpoint, the longer, so that a crowd behind one slow
// endpoint comes back as fast as it could be served and not as fast as it can ask.

const leastMs = 1_000;
const mostMs = 60_000;

export interface TurnedAway {
  /** Milliseconds to wait, jittered, for a delivery that found no place; `places` is how many its endpoint has. */
  waitMs(endpointId: string, deliveryId: string, places: number): number;
}

export function createTurnedAway(random: () => number = Math.random, now: () => number = () => performance.now()): TurnedAway {
  /** Until when each delivery that was turned away counts as waiting, by endpoint. */
  const waiting = new Map<string, Map<string, number>>();

  return {
    waitMs(endpointId, deliveryId, places) {
      const crowd = waiting.get(endpointId) ?? new Map<string, number>();
      waiting.set(endpointId, crowd);
      const at = now();
      for (const [id, until] of crowd) {
        // in the order of their coming: the first that still waits ends the look
        if (until > at) break;
        crowd.delete(id);
      }
      const turns = Math.max(1, (crowd.size + 1) / places);
      const wait = Math.min(mostMs, leastMs * turns * (1 + random()));
      crowd.delete(deliveryId);
      crowd.set(deliveryId, at + wait + leastMs);
      if (waiting.size > 1_000) forgetIdle(waiting, at);
      return Math.round(wait);
    },
  };
}

function forgetIdle(waiting: Map<string, Map<string, number>>, at: number): void {
  for (const [endpointId, crowd] of waiting) {
    if ([...crowd.values()].every((until) => until <= at)) waiting.delete(endpointId);
  }
}
