// attemptDelivery: makes one attempt of a delivery. The `deliver` workflow calls it for each
// attempt. Idempotency key: (delivery, round, attempt). The row says which attempt is due; if the
// status is final, or the attempt is not due yet, no request is sent.

import { ApplicationFailure, Context } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { stateWithRelays } from '#attempts/attempt-report';
import type { Engine } from '#attempts/engine';
import type { DeliverState, PlanInput } from '#contract/workflow-contract';
import type { ModeSwitch } from '#domain/events/dispatch-mode';
import { usualTimings } from '#domain/timings';
import { startHeartbeats } from './heartbeats.ts';
import type { PlanDelivery } from './plan-delivery.ts';

export interface AttemptInput {
  deliveryId: string;
  plan?: PlanInput;
  /**
   * The workflow has seen no attempt of this round. If one is recorded by now, returns the state, so that the workflow can
   * show `retrying`, in place of throwing what the next attempt has to wait.
   */
  join?: boolean;
}

/**
 * A refusal throws a BENIGN ApplicationFailure with the outcome as its type and the backoff as `nextRetryDelay`. So
 * Temporal keeps the timer, and its Web UI shows attempt, reason and next attempt. The first refusal of a round is
 * returned as a result instead, so that the workflow can show `retrying`. An attempt that is not due yet also throws
 * with `nextRetryDelay`. If relays make the next attempt, the state is returned. An internal error throws type `Fault`. Heartbeats begin before the delivery is planned, because
 * after a timeout another worker makes the attempt, too.
 */
export function createAttemptDelivery(
  engine: Engine,
  planDelivery: PlanDelivery,
  { everyMs } = usualTimings.heartbeat.attempt,
  modes?: Pick<ModeSwitch, 'noteWait'>,
) {
  return async function attemptDelivery({ deliveryId, plan, join }: AttemptInput): Promise<DeliverState> {
    const context = Context.current();
    modes?.noteWait(Date.now() - context.info.currentAttemptScheduledTimestampMs, Date.now());
    const beat = startHeartbeats(context, everyMs);
    let planned: Awaited<ReturnType<PlanDelivery>> | undefined;
    const planFirst = async () => {
      if (plan) planned = await planDelivery(plan);
    };
    try {
      const report = await engine.attempt(deliveryId, planFirst);
      const withRelays = stateWithRelays(report);
      if (withRelays) return withRelays;
      if (join && report.kind !== 'fault' && report.state.attempts > 0) return report.state;
      if (report.kind === 'wait') throw retryLater(report.message, report.outcome, report.ms);
      if (report.kind === 'fault')
        throw ApplicationFailure.create({ type: 'Fault', message: `${report.message} (internal error ${report.faults} of 10)` });
      if (report.kind === 'refused' && report.state.attempts > 1)
        throw retryLater(report.result.message, report.result.outcome, report.retryInMs);
      return report.state;
    } finally {
      clearInterval(beat);
      await planned?.marked;
    }
  };
}

function retryLater(message: string, type: string, ms: number): ApplicationFailure {
  return ApplicationFailure.create({
    message,
    type,
    category: ApplicationFailureCategory.BENIGN,
    nextRetryDelay: Math.max(1, Math.ceil(ms)),
  });
}
