// Writes the row of a delivery that is the only one of its dispatch, unless a first attempt has written it already, before
// the first activity of its workflow reads it.
// So a single delivery needs no dispatch workflow; the dispatch row guards the event until then.
import { log } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { PlanInput } from '#contract/workflow-contract';
import { readDeliveryRef } from '#db/deliveries/delivery-refs';
import { setDoneByDelivery } from '#db/events/dispatches';
import { unplannedEvents } from '#db/events/outbox';
import { insertDeliveries, readEventToPlan } from '#db/events/plan';
import type { Db } from '#db/store/pool';
import { deliveryId } from '#domain/ids';
import type { Reached } from '#runtime/checkpoints';
import type { LaneWaker } from '#temporal/lane-waker';

const againInMs = 2_000;

export interface PlanDeliveryDeps {
  db: Db;
  waker: Pick<LaneWaker, 'parked'>;
  reached?: Reached | undefined;
}

/** `marked` resolves when the dispatch is done; never rejects. */
export type PlanDelivery = (plan: PlanInput) => Promise<{ marked: Promise<void> }>;

/**
 * Safe to repeat. If the dispatch was taken back, nothing is written: the relay that took it back writes the row. Until then
 * it throws `TakenBack`, so that the workflow stays open for that row, and for a command that it has got already.
 */
export function createPlanDelivery({ db, waker, reached }: PlanDeliveryDeps): PlanDelivery {
  return async ({ dispatchId, eventId, endpointId }) => {
    await reached?.('before plan');
    const event = await readEventToPlan(db, eventId);
    const id = deliveryId(eventId, endpointId);
    const held = event && (await insertDeliveries(db, dispatchId, event, [endpointId]));
    if (event && held === null && (await isTakenBack(db, eventId, id))) throw takenBack();
    if (held && held.length > 0) await waker.parked(held);
    await reached?.('planned');
    // if it fails, the sweep starts the dispatch, which finds all done
    return { marked: setDoneByDelivery(db, dispatchId, id).catch((error) => log.warn('dispatch.not_marked_done', { err: error })) };
  };
}

async function isTakenBack(db: Db, eventId: string, id: string): Promise<boolean> {
  // the event first: the row is written before the event leaves the outbox
  return (await unplannedEvents(db, [eventId])).size > 0 && (await readDeliveryRef(db, id)) === null;
}

const takenBack = () =>
  ApplicationFailure.create({
    type: 'TakenBack',
    message: 'The dispatch of this event was taken back. A relay writes the row of this delivery.',
    category: ApplicationFailureCategory.BENIGN,
    nextRetryDelay: againInMs,
  });

/** Adds planning to an activity of a delivery that makes no request. */
export function plannedFirst<I extends object, R>(planDelivery: PlanDelivery, activity: (input: I) => Promise<R>) {
  return async ({ plan, ...input }: I & { plan?: PlanInput | undefined }): Promise<R> => {
    const planned = plan && (await planDelivery(plan));
    const result = await activity(input as unknown as I);
    await planned?.marked;
    return result;
  };
}
