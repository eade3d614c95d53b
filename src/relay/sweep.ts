// The sweep: every 10 s it starts overdue dispatches, deliveries and lanes again, and expires held
// ones. Temporal's "already open" counts as success. So the sweep repairs terminated workflows and
// a Temporal that lost its data, and a repeated sweep does no harm.
import { overdueDeliveries, type SweepCursor, type UnsignalledDelivery, unsignalledDeliveries } from '#db/deliveries/delivery-refs';
import { overdueDispatches } from '#db/events/dispatches';
import { lanesWithWork } from '#db/lanes/holding-lanes';
import { expireHeld } from '#db/lanes/lane-held';
import { forgottenLanes, overdueLanes } from '#db/lanes/lanes';
import type { Db } from '#db/store/pool';
import { type Timings, usualTimings } from '#domain/timings';
import type { Logger } from '#runtime/logger';
import { signalChange } from '#temporal/commands';
import type { LaneWaker } from '#temporal/lane-waker';
import { TemporalAway } from '#temporal/link';
import type { Starter } from '#temporal/starter';

const pageSize = 500;
/** Maximum pages of expired deliveries in one sweep, because its other work waits meanwhile. */
const maxExpiredPages = 20;
const startsAtOnce = 8;

export interface Sweep {
  /**
   * Sweeps if 10 s have passed since the last sweep, or `soon` was called; calls `due` first. Do not call it
   * concurrently.
   */
  ifDue(due: () => void): Promise<void>;
  /** Starts nothing more after the current starts. */
  stop(): void;
  /** Makes the next `ifDue` sweep. */
  soon(): void;
}

export interface SweepDeps {
  db: Db;
  starter: Starter;
  waker: Pick<LaneWaker, 'parked' | 'signal' | 'unblocked'>;
  /** Drains an overdue lane in this process, because Temporal is away. */
  drainHere(endpointId: string): void;
  log: Logger;
  /** Default: the usual ones. */
  timings?: Pick<Timings, 'sweep'>;
}

export function createSweep({ db, starter, waker, drainHere, log, timings: { sweep: timings } = usualTimings }: SweepDeps): Sweep {
  const stopping = new AbortController();
  let nextAt = 0;
  let forgottenAt = 0;
  let cursor: SweepCursor | null = null;

  /**
   * Starts dispatches that are not done, deliveries 30 s past their time or newly due, and lanes past their time; once
   * a minute also the lanes that do not know of their held deliveries (`rememberLanes`).
   */
  async function run(unsignalled: UnsignalledDelivery[]): Promise<void> {
    const refusals: unknown[] = [];
    // a start that Temporal refuses must not stop the others
    const unlessRefused = (starting: Promise<void>) =>
      starting.catch((error) => {
        if (error instanceof TemporalAway) throw error;
        refusals.push(error);
      });
    const dispatches = await overdueDispatches(db, pageSize, timings.dispatchOverdueAfterMs);
    await startAll(dispatches, (dispatch) => unlessRefused(starter.startDispatch(dispatch)), stopping.signal);
    const deliveries = await overdueDeliveries(db, cursor, pageSize, timings.deliveryOverdueAfterMs);
    await startAll(deliveries, (delivery) => unlessRefused(starter.startDelivery(delivery, 'sweep')), stopping.signal);
    const lanes = await overdueLanes(db, pageSize, timings.laneOverdueAfterMs);
    await startAll(lanes, (lane) => unlessRefused(waker.signal(lane)), stopping.signal);
    await startAll(unsignalled, (delivery) => unlessRefused(signalChange({ db, starter }, delivery, 'sweep')), stopping.signal);
    if (refusals.length > 0) log.warn({ err: refusals[0], refused: refusals.length }, 'relay.starts_refused');
    cursor = cursorAfter(deliveries);
    // signalled commands are not found again. Refused ones would be, so they wait for the next regular sweep.
    if (cursor || (unsignalled.length === pageSize && refusals.length === 0)) nextAt = 0;
    if (dispatches.length + deliveries.length + lanes.length > 0)
      log.info({ dispatches: dispatches.length, deliveries: deliveries.length, lanes: lanes.length }, 'relay.swept');
  }

  /** The work on held deliveries: three independent steps, none of which needs Temporal's answer. */
  async function lookAfterHeld(unsignalled: UnsignalledDelivery[]): Promise<void> {
    const unblocked = unsignalled.filter(({ status }) => status === 'held' || status === 'cancelled');
    // the process that stored the command may have crashed before it signalled the lane
    const done = await Promise.allSettled([
      expireAllHeld(),
      rememberLanes(),
      waker.unblocked([...new Set(unblocked.map(({ endpointId }) => endpointId))]),
    ]);
    for (const each of done) if (each.status === 'rejected') log.warn({ err: each.reason }, 'relay.held_not_swept');
  }

  async function expireAllHeld(): Promise<void> {
    for (let page = 0; page < maxExpiredPages && !stopping.signal.aborted; page++) {
      if ((await expireHeld(db, pageSize)) < pageSize) return;
    }
    nextAt = 0;
  }

  async function rememberLanes(): Promise<void> {
    if (performance.now() < forgottenAt) return;
    forgottenAt = performance.now() + timings.forgottenLanesEveryMs;
    const forgotten = await forgottenLanes(db, pageSize);
    if (forgotten.length === pageSize) forgottenAt = 0;
    if (forgotten.length > 0) log.warn({ lanes: forgotten.length }, 'relay.lanes_forgotten');
    await waker.parked(forgotten);
  }

  return {
    soon() {
      nextAt = 0;
    },
    stop: () => stopping.abort(),
    async ifDue(due) {
      if (performance.now() < nextAt || stopping.signal.aborted) return;
      nextAt = performance.now() + timings.everyMs;
      due();
      try {
        const unsignalled = await unsignalledDeliveries(db, pageSize);
        await lookAfterHeld(unsignalled);
        await run(unsignalled);
      } catch (error) {
        if (!(error instanceof TemporalAway)) throw error;
        log.warn({ err: error }, 'relay.sweep_without_temporal');
        for (const { endpointId } of await overdueLanes(db, pageSize, timings.laneOverdueAfterMs)) drainHere(endpointId);
      }
    },
  };
}

/**
 * Starts all overdue deliveries and lanes, without the limits of a relay's sweep. Returns how many workflows were
 * started or found open.
 */
export async function sweepAll({
  db,
  starter,
  waker,
}: Pick<SweepDeps, 'db' | 'starter' | 'waker'>): Promise<{ deliveries: number; lanes: number }> {
  let cursor: SweepCursor | null = null;
  let started = 0;
  do {
    const deliveries: Awaited<ReturnType<typeof overdueDeliveries>> = await overdueDeliveries(db, cursor, pageSize);
    await startAll(deliveries, (delivery) => starter.startDelivery(delivery, 'reconcile'));
    started += deliveries.length;
    cursor = cursorAfter(deliveries);
  } while (cursor);
  return { deliveries: started, lanes: await signalAll(db, waker) };
}

/** Starts the workflow of every lane that holds deliveries, whatever the lane's row says: Temporal may have lost it. */
async function signalAll(db: Db, waker: SweepDeps['waker']): Promise<number> {
  let signalled = 0;
  for (let after: string | null = null; ; ) {
    const lanes = await lanesWithWork(db, after, pageSize);
    await waker.parked(lanes.map(({ endpointId }) => endpointId));
    await startAll(lanes, (lane) => waker.signal(lane));
    signalled += lanes.length;
    after = lanes.at(-1)?.endpointId ?? null;
    if (lanes.length < pageSize || after === null) return signalled;
  }
}

/** Where the next page of overdue deliveries begins. Null: there are no more. */
function cursorAfter(page: SweepCursor[]): SweepCursor | null {
  const last = page.at(-1);
  return page.length === pageSize && last ? { dueAt: last.dueAt, deliveryId: last.deliveryId } : null;
}

async function startAll<T>(items: T[], start: (item: T) => Promise<void>, stopping?: AbortSignal): Promise<void> {
  for (let from = 0; from < items.length && !stopping?.aborted; from += startsAtOnce) {
    await Promise.all(items.slice(from, from + startsAtOnce).map(start));
  }
}
