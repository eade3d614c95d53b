// Whether an endpoint that has no free place is waited for, or more wait for it than it serves, so that its lane is better at it: their rows wait there, and not
// in memory. An endpoint that is slow because this machine is, is waited for.

/** More than so many wait for each of its places. */
const perPlace = 4;
/** Its places take longer than this for one, on average: that is soon clear. */
const windowMs = 1_000;
/** What waits would take longer than so many windows: that must last. */
const windows = 3;
const lastsMs = 5_000;

/** As long as more than a crowd waits. By the queue's clock. */
export interface Crowd {
  windowSince: number;
  /** In this window. */
  served: number;
  /** Since when what waits would take too long. */
  slowSince: number;
  /** When this was looked at last. */
  seen: number;
}

/** To be asked whenever the endpoint has no place: the crowd as it stands, null when there is none, and whether it is to be given up. */
export function lookAtCrowd(known: Crowd | null, waiting: number, places: number, now: number): { crowd: Crowd | null; givenUp: boolean } {
  if (waiting <= perPlace * places) return { crowd: null, givenUp: false };
  // nobody looked for as long: this process stood still
  if (!known || now - known.seen > windowMs) return { crowd: { windowSince: now, served: 0, slowSince: now, seen: now }, givenUp: false };
  if (now - known.windowSince < windowMs) return { crowd: { ...known, seen: now }, givenUp: false };
  const slowSince = waiting > windows * known.served ? known.slowSince : now;
  const givenUp = known.served < places || now - slowSince >= lastsMs;
  return { crowd: { windowSince: now, served: 0, slowSince, seen: now }, givenUp };
}
