// dispatchPage: the next page of a dispatch. Plans deliveries, then starts their workflows, then
// marks it as done. Idempotency key: the dispatch. Rows are inserted once per (event, endpoint),
// "already started" is success, and done is set once.
import { Context, log } from '@temporalio/activity';
import type { DispatchCursor } from '#contract/workflow-contract';
import { type DeliveryRef, namedDeliveries, startableDeliveries } from '#db/deliveries/delivery-refs';
import { type Dispatch, readDispatch, setDone, setPlanned } from '#db/events/dispatches';
import { endpointsAtAcceptance, insertDeliveries, readEventToPlan, wantedBy } from '#db/events/plan';
import type { Opening } from '#db/events/read-content';
import { readTraces } from '#db/events/traces';
import type { Db } from '#db/store/pool';
import type { Reached } from '#runtime/checkpoints';
import type { LaneWaker } from '#temporal/lane-waker';
import { TemporalRefused } from '#temporal/link';
import type { Starter } from '#temporal/starter';
import { startHeartbeats } from './heartbeats.ts';

const usualPageSize = 500;
/** Time limit of a page, for many endpoints without work. Far below the activity's timeout. */
const pageMs = 5_000;
const startsAtOnce = 16;
const mostNamed = 256;
const heartbeatMs = 2_000;

export interface DispatchPageDeps {
  db: Db;
  contents: Opening;
  starter: Starter;
  waker: Pick<LaneWaker, 'parked'>;
  reached?: Reached;
  /** Default: 500. */
  pageSize?: number;
  /** Traces are on. */
  isTraced?: boolean | undefined;
}

export interface DispatchPage {
  planned: number;
  started: number;
  /** Null: the dispatch is done. */
  next: DispatchCursor | null;
  /** Of a dispatch that is done: its first deliveries, for people. */
  deliveries?: string[];
}

type PageDeps = DispatchPageDeps & { pageSize: number };

export function createDispatchPage({ pageSize = usualPageSize, ...others }: DispatchPageDeps) {
  const deps = { ...others, pageSize };
  return async function dispatchPage({ dispatchId, cursor }: { dispatchId: string; cursor: DispatchCursor | null }): Promise<DispatchPage> {
    const context = Context.current();
    // heartbeats let Temporal notice a dead worker; it rejects them from local activities
    const beat = context.info.isLocal ? undefined : startHeartbeats(context, heartbeatMs);
    try {
      return await nextPage(deps, dispatchId, cursor);
    } finally {
      clearInterval(beat);
    }
  };
}

async function nextPage(deps: PageDeps, dispatchId: string, cursor: DispatchCursor | null): Promise<DispatchPage> {
  const dispatch = await readDispatch(deps.db, dispatchId);
  if (!dispatch || dispatch.done) return { planned: 0, started: 0, next: null };
  await deps.reached?.('before plan');
  const page: DispatchPage = {
    planned: 0,
    started: 0,
    next: cursor ?? { phase: dispatch.planned ? 'start' : 'plan', event: 0, after: null },
  };
  // a small dispatch takes one page: fewer events in the history, and no wait between the steps
  const pageEnds = performance.now() + pageMs;
  while (page.next !== null && page.planned < deps.pageSize && page.started < deps.pageSize && performance.now() < pageEnds) {
    const step = page.next.phase === 'plan' ? planNext : startNext;
    page.next = await step(deps, dispatchId, dispatch, page, page.next);
  }
  return page;
}

/** Null: the dispatch is gone. Its events are in the outbox again. */
async function planNext(
  { db, contents, waker, reached, pageSize }: PageDeps,
  dispatchId: string,
  { eventIds }: Dispatch,
  page: DispatchPage,
  at: DispatchCursor,
): Promise<DispatchCursor | null> {
  const eventId = eventIds[at.event];
  if (eventId === undefined) {
    await setPlanned(db, dispatchId);
    await reached?.('planned');
    return { phase: 'start', event: 0, after: null };
  }
  const event = await readEventToPlan(db, eventId);
  const endpoints = event ? await endpointsAtAcceptance(db, event, at.after, pageSize) : [];
  const ids = event ? await wantedBy(db, contents, event, endpoints) : [];
  const held = event && ids.length > 0 ? await insertDeliveries(db, dispatchId, event, ids) : [];
  if (held === null) return null;
  if (held.length > 0) await waker.parked(held);
  page.planned += ids.length;
  const last = endpoints.at(-1);
  return endpoints.length === pageSize && last ? { ...at, after: last.endpointId } : { phase: 'plan', event: at.event + 1, after: null };
}

async function startNext(
  { db, starter, pageSize, isTraced }: PageDeps,
  dispatchId: string,
  { eventIds }: Dispatch,
  page: DispatchPage,
  { after }: DispatchCursor,
): Promise<DispatchCursor | null> {
  const deliveries = await startableDeliveries(db, eventIds, after, pageSize);
  const traces = isTraced ? await readTraces(db, deliveries) : undefined;
  const traced = (delivery: DeliveryRef) => (traces ? { ...delivery, trace: traces.get(delivery.deliveryId) ?? null } : delivery);
  for (let from = 0; from < deliveries.length; from += startsAtOnce) {
    await Promise.all(deliveries.slice(from, from + startsAtOnce).map((delivery) => startOrLeave(starter, traced(delivery), dispatchId)));
  }
  page.started += deliveries.length;
  const last = deliveries.at(-1);
  if (deliveries.length === pageSize && last) return { phase: 'start', event: 0, after: last.deliveryId };
  await setDone(db, dispatchId);
  page.deliveries = await namedDeliveries(db, eventIds, mostNamed);
  return null;
}

/** A delivery whose workflow Temporal refuses to start must not keep the others waiting. The sweep tries it again. */
async function startOrLeave(starter: Starter, delivery: DeliveryRef, dispatchId: string): Promise<void> {
  try {
    await starter.startDelivery(delivery, `dispatch ${dispatchId}`);
  } catch (error) {
    if (!(error instanceof TemporalRefused)) throw error;
    log.warn('dispatch.delivery_not_started', { deliveryId: delivery.deliveryId, err: error });
  }
}
