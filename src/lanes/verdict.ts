// What a lane is to do now: send, probe, or rest until something is due or changed.

import type { LaneEndpoint } from '#db/lanes/lane-endpoint';
import type { Circuit } from '#domain/circuit';
import { failedTooLong, type LaneState, type LaneWait } from '#domain/lane';
import { unverified } from '#domain/verification';

/** A relay that does not know yet may post for so long after an endpoint was made ordered, and then its request may take its time. */
const unawareMs = 3_000;
/** Sleepers that wake within 5 s are not taken over, and are to be parked by then. */
const leastSettlingMs = 8_000;
/** A lane that sends so seldom need not keep its drain. */
const longPaceMs = 2_000;
/** Whatever stood in the way may be gone without a word. */
const lookAgainMs = 3_600_000;

export type Verdict =
  | { kind: 'gone' }
  | { kind: 'send'; probe: boolean }
  | { kind: 'rest'; state: Exclude<LaneState, 'awake'>; wait: LaneWait; dueInMs: number | null };

export type Rest = Extract<Verdict, { kind: 'rest' }>;

export interface Seen {
  endpoint: LaneEndpoint;
  circuit: Circuit;
  /** Something may be sent, whatever its endpoint is like. */
  canMove: boolean;
  /** The head of an ordered endpoint is a dead letter, or stands behind one. */
  blocked: boolean;
  /** What may be sent was asked for now: the peace that its endpoint asked for does not hold it. */
  hurried: boolean;
  /** When the first of what waits is due; null: nothing waits. */
  nextInMs: number | null;
  /** Until the pace allows the next request. */
  paceInMs: number;
  nowMs: number;
}

/** In the order of what counts most: nothing is sent through a closed gate, whatever waits behind it. */
export function judgeLane({ endpoint, circuit, canMove, blocked, hurried, nextInMs, paceInMs, nowMs }: Seen): Verdict {
  const { deleted, gate, gateReason, autoRecover, retryAfterMs, ordering } = endpoint;
  if (deleted) return { kind: 'gone' };
  if (gate === 'held') return shut(gateReason === unverified ? unverified : 'paused', null);
  const comesBack = gateReason === failedTooLong && autoRecover && circuit.state === 'open';
  if (gate === 'disabled' && !comesBack) return shut('disabled', null);
  if (retryAfterMs > 0 && !hurried) return shut('retry_after', retryAfterMs);
  if (orderingCutoverMs(endpoint) > 0) return shut('settling', orderingCutoverMs(endpoint));
  if (circuit.state === 'open' && circuit.probeAtMs > nowMs)
    return shut(gate === 'disabled' ? 'disabled' : 'circuit_open', circuit.probeAtMs - nowMs);
  if (canMove && paceInMs > longPaceMs) return shut('rate', paceInMs);
  if (canMove) return { kind: 'send', probe: circuit.state === 'open' };
  if (blocked && ordering === 'endpoint') return shut('blocked_by_dead_letter', lookAgainMs);
  if (ordering === 'endpoint' && nextInMs !== null) return shut('head_in_backoff', nextInMs);
  return { kind: 'rest', state: 'idle', wait: blocked ? 'blocked_by_dead_letter' : 'nothing_due', dueInMs: nextInMs };
}

/** How long an endpoint that was just made ordered waits yet; 0: not. */
export function orderingCutoverMs({ ordering, orderedForMs, timeoutMs }: LaneEndpoint): number {
  if (ordering === 'none' || orderedForMs === null) return 0;
  return Math.max(0, Math.max(leastSettlingMs, unawareMs + timeoutMs) - orderedForMs);
}

function shut(wait: LaneWait, dueInMs: number | null): Verdict {
  return { kind: 'rest', state: 'shut', wait, dueInMs };
}
