// Circuit breaker of an endpoint. Failures open it; while it is open, the lane sends only probes;
// three accepted probes close it. A single event type that fails does not open it (see
// `failsAlone`). Pure functions: the caller passes the time and keeps the state.
import { isSignOfLife, type Sign } from '../deliveries/outcome.ts';

export interface CircuitTimes {
  firstProbeMs: number;
  longestProbeMs: number;
}

export const circuitTimes: CircuitTimes = { firstProbeMs: 5_000, longestProbeMs: 300_000 };

interface Counts {
  attempts: number;
  failures: number;
}

/** An event type whose last answer was a failure. */
export interface FailingType {
  type: string;
  /** Failures since its last sign of life. */
  failed: number;
  /** Another type gave a sign of life since the first of these failures. */
  alone: boolean;
}

/**
 * Failure counts of an endpoint. The last minute is kept as two halves of 30 s. The first half begins with the first
 * attempt after a calm. Counts are never older than a minute, and always include the last 30 s.
 */
export interface Failures {
  /** Counted failures since the last sign of life, however long ago that was. */
  inRow: number;
  /** Attempts since the last acceptance, with any result. */
  notAccepted: number;
  /** Start of the current half, in Unix milliseconds. */
  sinceMs: number;
  now: Counts;
  before: Counts;
  /** Failing event types, at most 32. The type that failed least recently comes first. */
  types: FailingType[];
}

/** Consecutive attempts of one event type with the same result. */
export interface Seen {
  type: string;
  sign: Sign;
  times: number;
}

export type Circuit =
  | { state: 'closed' }
  | {
      state: 'open';
      refusedProbes: number;
      /** Probes refused since the last accepted one. */
      refusedSince: number;
      /** Event types of the accepted probes that count; at most two. */
      accepted: string[];
      probeAtMs: number;
    };
export const closed: Circuit = { state: 'closed' };

const halfMs = 30_000;
const mostInRow = 20;
const judgedFrom = 40;
const mostFailing = 0.5;
const closesAfter = 3;
const mostAlone = 10;
/** After the first probes the pauses stay at 20 s, for 8 minutes in all. */
const frequentProbes = 24;
const frequentProbeMs = 20_000;
const mostTypes = 32;
const none: Counts = { attempts: 0, failures: 0 };

export function noFailures(): Failures {
  return { inRow: 0, notAccepted: 0, sinceMs: 0, now: none, before: none, types: [] };
}

/** Resets the failure counts, but keeps `notAccepted` and which event types fail. */
export function forgiven({ notAccepted, types }: Failures): Failures {
  return { ...noFailures(), notAccepted, types };
}

/** Adds the results known at `nowMs`, in the order of `seen`. */
export function addSeen(failures: Failures, seen: readonly Seen[], nowMs: number): Failures {
  return seen.reduce((sum, one) => (isSignOfLife(one.sign) ? addLife(sum, one) : addFailed(sum, one)), lastMinute(failures, nowMs));
}

function addLife(failures: Failures, { type, sign, times }: Seen): Failures {
  const { notAccepted, now, types } = failures;
  return {
    ...failures,
    inRow: 0,
    notAccepted: sign === 'accepted' ? 0 : notAccepted + times,
    now: { ...now, attempts: now.attempts + times },
    types: types.filter((one) => one.type !== type).map((one) => ({ ...one, alone: true })),
  };
}

function addFailed(failures: Failures, { type, times }: Seen): Failures {
  const { inRow, notAccepted, now, types } = failures;
  const before = types.find((one) => one.type === type) ?? { type, failed: 0, alone: false };
  const counted = before.alone ? Math.min(times, Math.max(0, mostAlone - before.failed)) : times;
  return {
    ...failures,
    inRow: inRow + counted,
    notAccepted: notAccepted + times,
    now: { attempts: now.attempts + counted, failures: now.failures + counted },
    types: [...types.filter((one) => one !== before), { ...before, failed: before.failed + times }].slice(-mostTypes),
  };
}

/**
 * Whether an event type fails while others do not: it failed 10 times, and another type gave a sign of life in between.
 * Its further failures do not count until one of its own events gives a sign of life.
 */
export function failsAlone({ types }: Failures, type: string): boolean {
  return types.some((one) => one.type === type && one.alone && one.failed >= mostAlone);
}

/** True after 20 failures in a row, or when more than half of at least 40 attempts in a minute failed. */
export function shouldOpen(failures: Failures, nowMs: number): boolean {
  const { inRow, now, before } = lastMinute(failures, nowMs);
  const attempts = now.attempts + before.attempts;
  return inRow >= mostInRow || (attempts >= judgedFrom && now.failures + before.failures > attempts * mostFailing);
}

/**
 * Drops counts older than a minute. If the clock is up to a minute back, no time passes. If it is further back, it was
 * set back, and the minute starts again.
 */
function lastMinute(failures: Failures, nowMs: number): Failures {
  const { sinceMs, now } = failures;
  const ms = nowMs - sinceMs;
  if (ms >= -2 * halfMs && ms < halfMs) return failures;
  if (ms >= halfMs && ms < 2 * halfMs) return { ...failures, sinceMs: sinceMs + halfMs, now: none, before: now };
  return { ...failures, sinceMs: nowMs, now: none, before: none };
}

export function opened(nowMs: number, times: CircuitTimes): Circuit {
  return { state: 'open', refusedProbes: 0, refusedSince: 0, accepted: [], probeAtMs: nowMs + pauseMs(0, times) };
}

/**
 * The circuit after a probe with an event of this type.
 * Accepted: the next probe is due at once; the third acceptance closes the circuit.
 * Refused: accepted probes of the same type no longer count. If probes of another type still count, the pauses start
 * again with the shortest. Otherwise the pause doubles, however many probes were accepted in between.
 * A late probe of a closed circuit changes nothing.
 */
export function probed(circuit: Circuit, type: string, accepted: boolean, nowMs: number, times: CircuitTimes): Circuit {
  if (circuit.state === 'closed') return circuit;
  if (accepted && circuit.accepted.length + 1 >= closesAfter) return closed;
  if (accepted) return { ...circuit, accepted: [...circuit.accepted, type], refusedSince: 0, probeAtMs: nowMs };
  const { refusedSince, accepted: before } = circuit;
  const others = before.filter((one) => one !== type);
  const refusedProbes = circuit.refusedProbes + 1;
  const pause = pauseMs(others.length > 0 ? refusedSince : refusedProbes, times);
  return { ...circuit, refusedProbes, refusedSince: refusedSince + 1, accepted: others, probeAtMs: nowMs + pause };
}

/** Doubles; while the outage is young, up to 20 s only, so that its end is noticed soon. */
function pauseMs(refusedProbes: number, { firstProbeMs, longestProbeMs }: CircuitTimes): number {
  const longest = refusedProbes < frequentProbes ? Math.min(longestProbeMs, Math.max(firstProbeMs, frequentProbeMs)) : longestProbeMs;
  return Math.min(longest, firstProbeMs * 2 ** refusedProbes);
}

/**
 * Order in which the waiting event types are probed. Types that are not known to fail come first, rotated after each
 * refused probe. Failing types follow, the one that failed least recently first.
 */
export function probeOrder(waiting: readonly string[], { types }: Pick<Failures, 'types'>, refusedProbes: number): string[] {
  const rank = new Map(types.map(({ type }, index) => [type, index]));
  const unknown = waiting.filter((type) => !rank.has(type));
  const from = refusedProbes % Math.max(1, unknown.length);
  const failing = waiting.filter((type) => rank.has(type)).toSorted((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0));
  return [...unknown.slice(from), ...unknown.slice(0, from), ...failing];
}
