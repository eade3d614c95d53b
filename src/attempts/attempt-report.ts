// The result of one call of `Engine.attempt`, as the delivery's workflow gets it.
import type { DeliveryState } from '#db/deliveries/deliveries';
import { type DeliveryStatus, isUnderWay } from '#domain/deliveries/delivery';
import type { SendResult } from '#domain/deliveries/outcome';

export type AttemptReport =
  /** No further attempt is due from the workflow: the delivery is final, or held for its lane. `state`: its row now. */
  | { kind: 'ended'; state: DeliveryState }
  /** The attempt failed. The next one is due in `retryInMs`. */
  | { kind: 'refused'; state: DeliveryState; result: SendResult; retryInMs: number }
  /** Nothing was sent: not due yet (`outcome` and `message` are those of the last attempt), or no free slot. */
  /** Nothing was sent: relays make its next attempt, and the caller is its workflow. */
  | { kind: 'pumped'; state: DeliveryState }
  | { kind: 'wait'; state: DeliveryState; ms: number; outcome: string; message: string }
  /** A deterministic failure inside Posthorn. Counts towards quarantine and uses up no attempt. */
  | { kind: 'fault'; faults: number; message: string };

export function ended(status: DeliveryStatus, round: number, attempts: number, lastOutcome: string | null): AttemptReport {
  return { kind: 'ended', state: { status, round, attempts, nextAttemptAt: null, lastOutcome, pumped: false } };
}

/** The state of a delivery whose next attempt relays make, so that its workflow has nothing to do. Null: it is none. */
export function stateWithRelays(report: AttemptReport): DeliveryState | null {
  return report.kind !== 'fault' && report.state.pumped && isUnderWay(report.state.status) ? report.state : null;
}
