// Which limit or state holds a delivery in its lane, with a sentence for people and what to do about it.
import type { LaneReason, LaneWait } from '../lanes/lane.ts';

export const heldBy = [
  'paused',
  'unverified',
  'disabled',
  'retry_after',
  'circuit_open',
  'blocked_by_dead_letter',
  'backoff',
  'ordering',
  'rate_limit',
  'batch',
  'coalesce',
  'cap',
  'backlog',
] as const;
export type HeldBy = (typeof heldBy)[number];

export const heldBySentence: Record<HeldBy, { message: string; advice: string | null }> = {
  paused: { message: 'The endpoint is paused, and the delivery waits for it', advice: 'Resume the endpoint.' },
  unverified: { message: 'The endpoint is not verified, and the delivery waits for that', advice: 'Verify the endpoint.' },
  disabled: {
    message: 'The endpoint is disabled, because it failed for too long or answered 410, and the delivery waits for it',
    advice: 'Repair the receiver, then resume the endpoint.',
  },
  retry_after: { message: 'The endpoint asked for a wait with Retry-After', advice: null },
  circuit_open: { message: 'The endpoint keeps failing, so only single requests test it', advice: 'Repair the receiver.' },
  blocked_by_dead_letter: {
    message: 'An earlier dead letter blocks the order of the endpoint',
    advice: 'Replay, cancel or skip the dead letter.',
  },
  backoff: { message: 'The delivery waits for its next attempt', advice: null },
  ordering: { message: 'The endpoint keeps deliveries in order, and earlier ones are not done yet', advice: null },
  rate_limit: { message: 'The delivery waits for the rate limit of the endpoint or its tenant', advice: null },
  batch: { message: 'The delivery waits for its batch to fill', advice: null },
  coalesce: { message: 'The delivery waits for the end of its coalescing window', advice: null },
  cap: { message: 'The endpoint has as many requests in flight as its limit allows', advice: null },
  backlog: { message: 'Earlier deliveries of the endpoint are sent first', advice: null },
};

/** Whatever holds deliveries of the endpoint now. */
export interface HoldingFacts {
  gate: 'open' | 'held' | 'disabled';
  gateReason: string | null;
  /** The end of a Retry-After. */
  notBefore: Date | null;
  waitingFor: LaneWait | null;
  laneReason: LaneReason | null;
  hasRateLimit: boolean;
  isOrdered: boolean;
  isBatched: boolean;
  coalesces: boolean;
}

/** Which limit or state holds the delivery; the one that would have to go first. */
export function heldByOf(holding: HoldingFacts, delivery: { attempts: number; nextAttemptAt: Date | null }, now: Date): HeldBy {
  const { gate, gateReason, notBefore, waitingFor, laneReason } = holding;
  if (gate === 'disabled') return 'disabled';
  if (gate === 'held') return gateReason === 'unverified' ? 'unverified' : 'paused';
  if (notBefore !== null && notBefore > now) return 'retry_after';
  if (waitingFor === 'circuit_open' || waitingFor === 'blocked_by_dead_letter') return waitingFor;
  if (delivery.attempts > 0 && delivery.nextAttemptAt !== null && delivery.nextAttemptAt > now) return 'backoff';
  if (waitingFor === 'head_in_backoff' || holding.isOrdered) return 'ordering';
  if (waitingFor === 'rate' || holding.hasRateLimit) return 'rate_limit';
  if (waitingFor === 'batch_filling' || holding.isBatched) return 'batch';
  if (holding.coalesces) return 'coalesce';
  if (laneReason === 'failing') return 'circuit_open';
  return laneReason === 'cap' ? 'cap' : 'backlog';
}
