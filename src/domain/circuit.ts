// Whether an endpoint is sent to, or only probed: a circuit that failures open, probes keep open, and three acceptances in a row close.
//
// The minute of failures is kept as two halves of 30 s, the first of which begins with the first attempt after a calm. What is counted is never older
// than a minute, and all of the last 30 s is in it.

export interface CircuitTimes {
  firstProbeMs: number;
  longestProbeMs: number;
}

export const circuitTimes: CircuitTimes = { firstProbeMs: 5_000, longestProbeMs: 300_000 };

interface Counts {
  attempts: number;
  failures: number;
}

export interface Failures {
  /** Refused since the last acceptance, however long ago that was. */
  inRow: number;
  /** When the half under way began. */
  sinceMs: number;
  now: Counts;
  before: Counts;
}

export interface Outcomes {
  accepted: number;
  refused: number;
  /** How many of the refused came after the last acceptance; all of them when nothing was accepted. */
  trailingRefused: number;
}

export type Circuit = { state: 'closed' } | { state: 'open'; refusedProbes: number; acceptedProbes: number; probeAtMs: number };
export const closed: Circuit = { state: 'closed' };

const halfMs = 30_000;
const mostInRow = 20;
const judgedFrom = 40;
const mostFailing = 0.5;
const closesAfter = 3;
const none: Counts = { attempts: 0, failures: 0 };

export function noFailures(): Failures {
  return { inRow: 0, sinceMs: 0, now: none, before: none };
}

/** Outcomes known at `nowMs`, in the order in which they are told here. */
export function addOutcomes(failures: Failures, { accepted, refused, trailingRefused }: Outcomes, nowMs: number): Failures {
  const { inRow, sinceMs, now, before } = lastMinute(failures, nowMs);
  return {
    inRow: accepted > 0 ? trailingRefused : inRow + refused,
    sinceMs,
    now: { attempts: now.attempts + accepted + refused, failures: now.failures + refused },
    before,
  };
}

/** 20 refused in a row, or more than half of at least 40 attempts in a minute. */
export function shouldOpen(failures: Failures, nowMs: number): boolean {
  const { inRow, now, before } = lastMinute(failures, nowMs);
  const attempts = now.attempts + before.attempts;
  return inRow >= mostInRow || (attempts >= judgedFrom && now.failures + before.failures > attempts * mostFailing);
}

/** What is older is forgotten. A clock that is up to a minute behind counts as standing still; one further behind was set back: the minute begins anew. */
function lastMinute(failures: Failures, nowMs: number): Failures {
  const { inRow, sinceMs, now } = failures;
  const ms = nowMs - sinceMs;
  if (ms >= -2 * halfMs && ms < halfMs) return failures;
  if (ms >= halfMs && ms < 2 * halfMs) return { inRow, sinceMs: sinceMs + halfMs, now: none, before: now };
  return { inRow, sinceMs: nowMs, now: none, before: none };
}

export function opened(nowMs: number, times: CircuitTimes): Circuit {
  return { state: 'open', refusedProbes: 0, acceptedProbes: 0, probeAtMs: nowMs + pauseMs(0, times) };
}

/**
 * After a probe. Refused: the acceptances before it are forgotten, and the pause is twice the one before, however many were accepted in between.
 * Accepted: the next is due at once; the third in a row closes. The late probe of a circuit that is closed changes nothing.
 */
export function probed(circuit: Circuit, accepted: boolean, nowMs: number, times: CircuitTimes): Circuit {
  if (circuit.state === 'closed') return circuit;
  const { refusedProbes, acceptedProbes } = circuit;
  if (!accepted)
    return { state: 'open', refusedProbes: refusedProbes + 1, acceptedProbes: 0, probeAtMs: nowMs + pauseMs(refusedProbes + 1, times) };
  if (acceptedProbes + 1 >= closesAfter) return closed;
  return { state: 'open', refusedProbes, acceptedProbes: acceptedProbes + 1, probeAtMs: nowMs };
}

function pauseMs(refusedProbes: number, { firstProbeMs, longestProbeMs }: CircuitTimes): number {
  return Math.min(longestProbeMs, firstProbeMs * 2 ** refusedProbes);
}
