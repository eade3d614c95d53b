// Decides the next step of a delivery from its row: finish, settle, park, wait or post.
// Called before each attempt; `retryInMs` is called after a refused one.
import type { DeliveryStatus } from './delivery.ts';
import { isUnderWay } from './delivery.ts';
import type { SendResult } from './outcome.ts';
import { nextWaitMs, type RetryPolicy } from './retry-schedule.ts';

export interface Called {
  status: DeliveryStatus;
  /** Attempts already made in this round. */
  attempts: number;
  /** Milliseconds until the next attempt is due; 0 or less: it is due. */
  waitMs: number;
  expired: boolean;
  /** Only the endpoint's lane may send to it, so the delivery must be parked. */
  parks: boolean;
  /** The endpoint was deleted, or the event recalled. */
  deleted: boolean;
  /** Relays make its next attempt, and the caller is its workflow. */
  pumped: boolean;
}

export type Step =
  | { kind: 'finished'; status: DeliveryStatus }
  /** Nothing to do for the caller. */
  | { kind: 'pumped' }
  | { kind: 'settle'; as: 'cancelled' | 'expired' }
  | { kind: 'park' }
  | { kind: 'wait'; ms: number }
  | { kind: 'post' };

/**
 * The next step for a delivery. A delivery that is not due yet waits for the rest of its time; a finished one stays as
 * it is. A delivery without attempts is not parked before it is due, so that it does not enter an ordered lane too
 * early. A delivery that waits for its next attempt is parked at once.
 */
export function nextStep({ status, attempts, waitMs, expired, parks, deleted, pumped }: Called): Step {
  if (!isUnderWay(status)) return { kind: 'finished', status };
  if (pumped) return { kind: 'pumped' };
  if (deleted) return { kind: 'settle', as: 'cancelled' };
  if (expired) return { kind: 'settle', as: 'expired' };
  const isEarly = waitMs > 0;
  if (parks && (attempts > 0 || !isEarly)) return { kind: 'park' };
  return isEarly ? { kind: 'wait', ms: Math.ceil(waitMs) } : { kind: 'post' };
}

/**
 * Whether deliveries must be parked because of the endpoint's settings or its Retry-After. `parks` in SQL also checks
 * the lane's state.
 */
export function parksBySettings({ needsLane, notBeforeMs }: { needsLane: boolean; notBeforeMs: number | null }, nowMs: number): boolean {
  return needsLane || (notBeforeMs !== null && notBeforeMs > nowMs);
}

/** Milliseconds until the next attempt after a refusal; null: no attempts are left. 410 Gone is never retried. */
export function retryInMs(result: SendResult, attempt: number, policy: RetryPolicy, random: number): number | null {
  if (result.outcome === 'accepted' || result.outcome === 'gone') return null;
  return nextWaitMs({ policy, attempt, retryAfterMs: result.retryAfterMs, random });
}
