// When an endpoint is only probed: a circuit that failures open, that probes keep open, and that three good answers to probes close.
//
// Failures of one event type alone do not open it: a type that has failed 10 times while another type was answered well in between is counted no further
// until one of its own events is answered well. The minute of failures is kept as two halves of 30 s, the first of which begins with the first attempt after
// a calm. What is counted is never older than a minute, and all of the last 30 s is in it.
import { isSignOfLife, type Sign } from './outcome.ts';

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
  /** Another type gave a sign of life since the first of them. */
  alone: boolean;
}

export interface Failures {
  /** Counted failures since the last sign of life, however long ago that was. */
  inRow: number;
  /** Attempts since the last acceptance, whatever was answered. */
  notAccepted: number;
  /** When the half under way began. */
  sinceMs: number;
  now: Counts;
  before: Counts;
  /** Which types fail, the one that failed least recently first: at most 32. */
  types: FailingType[];
}

/** So many attempts of one event type in a row that ended alike. */
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
      /** The event types of the accepted probes that count: two at most. */
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
const mostTypes = 32;
const none: Counts = { attempts: 0, failures: 0 };

export function noFailures(): Failures {
  return { inRow: 0, notAccepted: 0, sinceMs: 0, now: none, before: none, types: [] };
}

/** Nothing counts against the endpoint any more. Which of its types fail alone is still known. */
export function forgiven({ notAccepted, types }: Failures): Failures {
  return { ...noFailures(), notAccepted, types };
}

/** Outcomes known at `nowMs`, in the order in which they are told here. */
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

/** Its failures are counted no further. */
export function failsAlone({ types }: Failures, type: string): boolean {
  return types.some((one) => one.type === type && one.alone && one.failed >= mostAlone);
}

/** 20 failures in a row, or more than half of at least 40 attempts in a minute. */
export function shouldOpen(failures: Failures, nowMs: number): boolean {
  const { inRow, now, before } = lastMinute(failures, nowMs);
  const attempts = now.attempts + before.attempts;
  return inRow >= mostInRow || (attempts >= judgedFrom && now.failures + before.failures > attempts * mostFailing);
}

/** What is older is forgotten. A clock that is up to a minute behind counts as standing still; one further behind was set back: the minute begins anew. */
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
 * After a probe with an event of this type. Accepted: the next one is due at once; the third closes. Refused: the accepted probes of the same type count no
 * more. If those of another type still count, the pauses begin again with the shortest; otherwise the pause is twice the one before, however many were
 * accepted in between. The late probe of a circuit that is closed changes nothing.
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

function pauseMs(refusedProbes: number, { firstProbeMs, longestProbeMs }: CircuitTimes): number {
  return Math.min(longestProbeMs, firstProbeMs * 2 ** refusedProbes);
}

/**
 * In which order the types that wait are probed: those that are not known to fail, of which another one is the first after each refused probe; then the one that
 * failed least recently.
 */
export function probeOrder(waiting: readonly string[], { types }: Pick<Failures, 'types'>, refusedProbes: number): string[] {
  const turn = new Map(types.map(({ type }, index) => [type, index]));
  const unknown = waiting.filter((type) => !turn.has(type));
  const from = refusedProbes % Math.max(1, unknown.length);
  const failing = waiting.filter((type) => turn.has(type)).toSorted((a, b) => (turn.get(a) ?? 0) - (turn.get(b) ?? 0));
  return [...unknown.slice(from), ...unknown.slice(0, from), ...failing];
}
