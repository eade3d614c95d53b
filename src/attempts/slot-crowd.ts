// Decides whether first attempts of an endpoint without a free slot wait in memory or move to its
// lane. They move when far more wait than the endpoint serves. An endpoint that is slow only
// because this machine is slow keeps them in memory.

/** A crowd: more than so many wait for each slot of the endpoint. */
const perSlot = 4;
/** If the endpoint serves fewer than one per slot in this time, its crowd is given up at once. */
const windowMs = 1_000;
/** If the crowd would take longer than so many windows, and that lasts for `lastsMs`, it is given up. */
const windows = 3;
const lastsMs = 5_000;

/** Kept while a crowd waits. All times are by the queue's clock, in milliseconds. */
export interface Crowd {
  windowSince: number;
  /** Begun in this window. */
  served: number;
  /** Since when the crowd would take too long. */
  slowSince: number;
  /** When the crowd was checked last. */
  seen: number;
}

/**
 * To be called whenever the endpoint has no free slot. `crowd` null: no crowd. `givenUp`: all that waits moves to the
 * lane.
 */
export function lookAtCrowd(known: Crowd | null, waiting: number, places: number, now: number): { crowd: Crowd | null; givenUp: boolean } {
  if (waiting <= perSlot * places) return { crowd: null, givenUp: false };
  // no check for a whole window: the process was suspended
  if (!known || now - known.seen > windowMs) return { crowd: { windowSince: now, served: 0, slowSince: now, seen: now }, givenUp: false };
  if (now - known.windowSince < windowMs) return { crowd: { ...known, seen: now }, givenUp: false };
  const slowSince = waiting > windows * known.served ? known.slowSince : now;
  const givenUp = known.served < places || now - slowSince >= lastsMs;
  return { crowd: { windowSince: now, served: 0, slowSince, seen: now }, givenUp };
}
