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

/**
 * Adds planning to an activity of a delivery. Safe to repeat. If the dispatch was taken back, nothing is written: the
 * activity finds no row, and the relay that took it back makes the delivery.
 */
export function plannedFirst<I extends object, R>({ db, waker, reached }: PlanDeliveryDeps, activity: (input: I) => Promise<R>) {
  return async ({ plan, ...input }: I & { plan?: PlanInput | undefined }): Promise<R> => {
    if (!plan) return activity(input as unknown as I);
    await reached?.('before plan');
    const event = await readEventToPlan(db, plan.eventId);
    const held = event && (await insertDeliveries(db, plan.dispatchId, event, [plan.endpointId]));
    if (held && held.length > 0) await waker.parked(held);
    await reached?.('planned');
    // beside the attempt: if it fails, the sweep starts the dispatch, which finds all done
    const marked = setDone(db, plan.dispatchId).catch((error) => log.warn('dispatch.not_marked_done', { err: error }));
    const result = await activity(input as unknown as I);
    await marked;
    return result;
  };
}
