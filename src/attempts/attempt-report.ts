// What came of a call to attempt a delivery.
import type { DeliveryState } from '#db/deliveries/deliveries';
import type { DeliveryStatus } from '#domain/delivery';
import type { SendResult } from '#domain/outcome';

export type AttemptReport =
  /** Nothing more to attempt: what the row is now. */
  | { kind: 'settled'; state: DeliveryState }
  /** The endpoint refused; the next one is in `retryInMs`. */
  | { kind: 'refused'; state: DeliveryState; result: SendResult; retryInMs: number }
  /** Nothing was sent: too early (`outcome` and `message` are then those of the last attempt), or no free place. */
  | { kind: 'wait'; ms: number; outcome: string; message: string }
  /** A deterministic fault of ours, counted towards quarantine; spends no attempt. */
  | { kind: 'fault'; faults: number; message: string };

export function settled(status: DeliveryStatus, attempts: number, lastOutcome: string | null): AttemptReport {
  return { kind: 'settled', state: { status, attempts, nextAttemptAt: null, lastOutcome } };
}
