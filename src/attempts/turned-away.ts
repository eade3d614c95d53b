// How long a delivery waits that found no free place: the more are waiting for the same, the longer, so that a crowd comes back
// as fast as it could be served and not as fast as it can ask. A crowd behind one endpoint waits in that endpoint's lane at last.

const leastMs = 1_000;
const mostMs = 60_000;

export interface TurnedAway {
  /** How many that were turned away wait for places of `whose`. */
  waiting(whose: string): number;
  /** Milliseconds to wait, jittered, for a delivery that found none of so many `places` of `whose`. */
  waitMs(whose: string, deliveryId: string, places: number): number;
}

export function createTurnedAway(random: () => number = Math.random, now: () => number = () => performance.now()): TurnedAway {
  /** Until when each delivery that was turned away counts as waiting, by whose places it waits for. */
  const waiting = new Map<string, Map<string, number>>();

  return {
    waiting: (whose) => waiting.get(whose)?.size ?? 0,
    waitMs(whose, deliveryId, places) {
      const crowd = waiting.get(whose) ?? new Map<string, number>();
      waiting.set(whose, crowd);
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
  for (const [whose, crowd] of waiting) {
    if ([...crowd.values()].every((until) => until <= at)) waiting.delete(whose);
  }
}
