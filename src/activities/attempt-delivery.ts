// attemptDelivery: one attempt of one delivery, or what stands in its way.
// Idempotency key: (delivery, round, attempt) - the row says which attempt is due, and on a finished row or before its time nothing is posted.
//
// A refusal is a failure of category BENIGN, its type the outcome's class, with the next delay on it, so that Temporal keeps the timer and its
// Web UI shows attempt, reason and next try. The first refusal of a round is a result instead: the workflow then says `retrying`.

import { ApplicationFailure, Context } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import type { Engine } from '#attempts/engine';
import type { DeliverState } from '#contract/workflow-contract';

const heartbeatMs = 1_500;

/** Throws ApplicationFailure: `Refused` classes and waits with `nextRetryDelay`, `Fault` for a deterministic fault of ours. */
export function createAttemptDelivery(engine: Engine) {
  return async function attemptDelivery({ deliveryId }: { deliveryId: string }): Promise<DeliverState> {
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), heartbeatMs);
    try {
      const report = await engine.attempt(deliveryId);
      if (report.kind === 'wait') throw later(report.message, report.outcome, report.ms);
      if (report.kind === 'fault')
        throw ApplicationFailure.create({ type: 'Fault', message: `${report.message} (fault ${report.faults} of 10)` });
      if (report.kind === 'refused' && report.state.attempts > 1)
        throw later(report.result.message, report.result.outcome, report.retryInMs);
      return report.state;
    } finally {
      clearInterval(beat);
    }
  };
}

function later(message: string, type: string, ms: number): ApplicationFailure {
  return ApplicationFailure.create({
    message,
    type,
    category: ApplicationFailureCategory.BENIGN,
    nextRetryDelay: Math.max(1, Math.ceil(ms)),
  });
}
