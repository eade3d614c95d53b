// What to do with a delivery that is called for an attempt, and what a refusal makes of it. The row decides; this reads it.
import type { DeliveryStatus } from './delivery.ts';
import { isUnderWay } from './delivery.ts';
import type { SendResult } from './outcome.ts';
import { nextWaitMs, type RetryPolicy } from './retry-schedule.ts';

export interface Called {
  status: DeliveryStatus;
  /** Made in this round before this one. */
  attempts: number;
  waitMs: number;
  expired: boolean;
  /** Only the endpoint's lane sends to it: what is to be sent is held for that. */
  parks: boolean;
  /** The endpoint was deleted. */
  deleted: boolean;
}

export type Step =
  | { kind: 'finished'; status: DeliveryStatus }
  | { kind: 'settle'; as: 'cancelled' | 'expired' }
  | { kind: 'park' }
  | { kind: 'wait'; ms: number }
  | { kind: 'post' };

/**
 * The one thing to do now. A delivery called too early waits for what remains; one that is finished is left alone. One that was never tried is not held before
 * its time, lest it stands in an order in which it is not yet; one that sleeps between attempts is.
 */
export function nextStep({ status, attempts, waitMs, expired, parks, deleted }: Called): Step {
  if (!isUnderWay(status)) return { kind: 'finished', status };
  if (deleted) return { kind: 'settle', as: 'cancelled' };
  if (expired) return { kind: 'settle', as: 'expired' };
  const isEarly = waitMs > 0;
  if (parks && (attempts > 0 || !isEarly)) return { kind: 'park' };
  return isEarly ? { kind: 'wait', ms: Math.ceil(waitMs) } : { kind: 'post' };
}

/** Whether a process parks for this endpoint by what it knows of its settings and wishes; `parks` in SQL adds what lanes say. */
export function parksBySettings({ needsLane, notBeforeMs }: { needsLane: boolean; notBeforeMs: number | null }, nowMs: number): boolean {
  return needsLane || (notBeforeMs !== null && notBeforeMs > nowMs);
}

/** Milliseconds until a refused delivery is tried again; null: its schedule is spent. An endpoint that says 410 Gone is not asked again. */
export function retryInMs(result: SendResult, attempt: number, policy: RetryPolicy, random: number): number | null {
  if (result.outcome === 'accepted' || result.outcome === 'gone') return null;
  return nextWaitMs({ policy, attempt, retryAfterMs: result.retryAfterMs, random });
}
