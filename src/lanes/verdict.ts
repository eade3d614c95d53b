// Decides what a lane does now: send, probe, or rest until something is due or changed.
// Called by the drain at each look. Pure: it reads and writes nothing.
import type { LaneEndpoint } from '#db/lanes/lane-endpoint';
import { unverified } from '#domain/endpoints/verification';
import type { Circuit } from '#domain/lanes/circuit';
import { failedTooLong, type LaneState, type LaneWait } from '#domain/lanes/lane';
import { type Timings, usualTimings } from '#domain/timings';

/** With a longer wait between two requests, the drain ends in between. */
const longPaceMs = 2_000;
/** A lane that is blocked checks again after this time: the cause may be gone without a signal. */
const lookAgainMs = 3_600_000;

export type Verdict =
  | { kind: 'gone' }
  | { kind: 'send'; probe: boolean }
  | { kind: 'rest'; state: Exclude<LaneState, 'awake'>; wait: LaneWait; dueInMs: number | null };

type Cutover = Pick<Timings['lanes'], 'unawareMs' | 'minCutoverMs'>;

export type Rest = Extract<Verdict, { kind: 'rest' }>;

export interface Seen {
  endpoint: LaneEndpoint;
  circuit: Circuit;
  /** A row may be sent, as far as the rows alone say. */
  canMove: boolean;
  /** A dead letter blocks the head of an ordered endpoint. */
  blocked: boolean;
  /** The rows that may be sent are those of a retry now, which Retry-After does not hold back. */
  hurried: boolean;
  /** The time until the first waiting row is due; null: none waits. */
  nextInMs: number | null;
  /** The time until the rate limit allows the next request. */
  paceInMs: number;
  nowMs: number;
}

/** The checks come in the order of their weight: a closed gate stops everything, whatever waits. */
export function judgeLane(seen: Seen, cutover: Cutover = usualTimings.lanes): Verdict {
  const { endpoint, circuit, canMove, blocked, hurried, nextInMs, paceInMs, nowMs } = seen;
  const { deleted, gate, gateReason, autoRecover, retryAfterMs, ordering } = endpoint;
  if (deleted) return { kind: 'gone' };
  if (gate === 'held') return shut(gateReason === unverified ? unverified : 'paused', null);
  const comesBack = gateReason === failedTooLong && autoRecover && circuit.state === 'open';
  if (gate === 'disabled' && !comesBack) return shut('disabled', null);
  if (retryAfterMs > 0 && !hurried) return shut('retry_after', retryAfterMs);
  const cutoverMs = orderingCutoverMs(endpoint, cutover);
  if (cutoverMs > 0) return shut('ordering_cutover', cutoverMs);
  if (circuit.state === 'open' && circuit.probeAtMs > nowMs)
    return shut(gate === 'disabled' ? 'disabled' : 'circuit_open', circuit.probeAtMs - nowMs);
  if (canMove && paceInMs > longPaceMs) return shut('rate', paceInMs);
  if (canMove) return { kind: 'send', probe: circuit.state === 'open' };
  if (blocked && ordering === 'endpoint') return shut('blocked_by_dead_letter', lookAgainMs);
  if (ordering === 'endpoint' && nextInMs !== null) return shut('head_in_backoff', nextInMs);
  return { kind: 'rest', state: 'idle', wait: blocked ? 'blocked_by_dead_letter' : 'nothing_due', dueInMs: nextInMs };
}

/** How long an endpoint that just became ordered must still wait, in milliseconds; 0: it need not. */
function orderingCutoverMs({ ordering, orderedForMs, timeoutMs }: LaneEndpoint, { unawareMs, minCutoverMs }: Cutover): number {
  if (ordering === 'none' || orderedForMs === null) return 0;
  // a request that was sent with an old list takes up to the timeout
  return Math.max(0, Math.max(minCutoverMs, unawareMs + timeoutMs) - orderedForMs);
}

function shut(wait: LaneWait, dueInMs: number | null): Verdict {
  return { kind: 'rest', state: 'blocked', wait, dueInMs };
}
