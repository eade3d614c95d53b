// What to do with a delivery that is called for an attempt, and what a refusal makes of it. The row decides; this reads it.
import type { DeliveryStatus } from './delivery.ts';
import { isUnderWay } from './delivery.ts';
import type { Gate } from './endpoint.ts';
import type { SendResult } from './outcome.ts';
import { nextWaitMs, type RetryPolicy } from './retry-schedule.ts';

export interface Called {
  status: DeliveryStatus;
  waitMs: number;
  expired: boolean;
  gate: Gate;
  /** The endpoint was deleted. */
  deleted: boolean;
}

export type Step =
  | { kind: 'finished'; status: DeliveryStatus }
  | { kind: 'settle'; as: 'cancelled' | 'expired' | 'held' }
  | { kind: 'wait'; ms: number }
  | { kind: 'post' };

/** The one thing to do now. A delivery called too early waits for what remains; one that is finished is left alone. */
export function nextStep({ status, waitMs, expired, gate, deleted }: Called): Step {
  if (!isUnderWay(status)) return { kind: 'finished', status };
  if (deleted) return { kind: 'settle', as: 'cancelled' };
  if (expired) return { kind: 'settle', as: 'expired' };
  if (gate !== 'open') return { kind: 'settle', as: 'held' };
  return waitMs > 0 ? { kind: 'wait', ms: Math.ceil(waitMs) } : { kind: 'post' };
}

/** Milliseconds until a refused delivery is tried again; null: its schedule is spent. An endpoint that says 410 Gone is not asked again. */
export function retryInMs(result: SendResult, attempt: number, policy: RetryPolicy, random: number): number | null {
  if (result.outcome === 'accepted' || result.outcome === 'gone') return null;
  return nextWaitMs({ policy, attempt, retryAfterMs: result.retryAfterMs, random });
}
