// Writes the row of a delivery that is the only one of its dispatch, before the first activity of its workflow reads it.
// So a single delivery needs no dispatch workflow; the dispatch row guards the event until then.
import { log } from '@temporalio/activity';
import type { PlanInput } from '#contract/workflow-contract';
import { setDone } from '#db/events/dispatches';
import { insertDeliveries, readEventToPlan } from '#db/events/plan';
import type { Db } from '#db/store/pool';
import type { Reached } from '#runtime/checkpoints';
import type { LaneWaker } from '#temporal/lane-waker';

export interface PlanDeliveryDeps {
  db: Db;
  waker: Pick<LaneWaker, 'parked'>;
  reached?: Reached | undefined;
}

/** `marked` resolves when the dispatch is done; never rejects. */
export type PlanDelivery = (plan: PlanInput) => Promise<{ marked: Promise<void> }>;

/** Safe to repeat. If the dispatch was taken back, nothing is written: the relay that took it back makes the delivery. */
export function createPlanDelivery({ db, waker, reached }: PlanDeliveryDeps): PlanDelivery {
  return async ({ dispatchId, eventId, endpointId }) => {
    await reached?.('before plan');
    const event = await readEventToPlan(db, eventId);
    const held = event && (await insertDeliveries(db, dispatchId, event, [endpointId]));
    if (held && held.length > 0) await waker.parked(held);
    await reached?.('planned');
    // if it fails, the sweep starts the dispatch, which finds all done
    return { marked: setDone(db, dispatchId).catch((error) => log.warn('dispatch.not_marked_done', { err: error })) };
  };
}

/** Adds planning to an activity of a delivery that makes no request. */
export function plannedFirst<I extends object, R>(planDelivery: PlanDelivery, activity: (input: I) => Promise<R>) {
  return async ({ plan, ...input }: I & { plan?: PlanInput | undefined }): Promise<R> => {
    const planned = plan && (await planDelivery(plan));
    const result = await activity(input as unknown as I);
    await planned?.marked;
    return result;
  };
}
