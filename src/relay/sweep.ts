// The sweep: every 10 s it starts again what should have moved and did not - dispatches not done, deliveries 30 s past their time -, and what was
// put off and comes due; lanes past their time, and once a minute held deliveries whose lanes know nothing of them. What is held past its expiry ends.
// "Already open" is success, so it cures terminated workflows and a Temporal that lost its data, and harms nothing else.
import { overdueDeliveries, type SweepCursor, untoldDeliveries } from '#db/deliveries/delivery-refs';
import { orderTold } from '#db/deliveries/orders';
import { overdueDispatches } from '#db/events/dispatches';
import { lanesWithWork } from '#db/lanes/holding-lanes';
import { expireHeld } from '#db/lanes/lane-held';
import { forgottenLanes, overdueLanes } from '#db/lanes/lanes';
import type { Db } from '#db/store/pool';
import type { Logger } from '#runtime/logger';
import type { LaneWaker } from '#temporal/lane-waker';
import { TemporalAway } from '#temporal/link';
import type { Starter } from '#temporal/starter';

const everyMs = 10_000;
const forgottenEveryMs = 60_000;
const most = 500;
/** Pages of expired deliveries in one sweep: its other duties wait meanwhile. */
const mostExpiredPages = 20;
const startsAtOnce = 8;

export interface Sweep {
  /** Sweeps if 10 s have passed since the last time, or `soon` was said, and calls `due` first; one call at a time. */
  ifDue(due: () => void): Promise<void>;
  /** Starts nothing more. */
  stop(): void;
  soon(): void;
}

export interface SweepDeps {
  db: Db;
  starter: Starter;
  waker: Pick<LaneWaker, 'parked' | 'signal' | 'unblocked'>;
  /** Temporal is away: lanes that should have acted are drained by this process. */
  drainHere(endpointId: string): void;
  log: Logger;
}

type Untold = Awaited<ReturnType<typeof untoldDeliveries>>[number];

export function createSweep({ db, starter, waker, drainHere, log }: SweepDeps): Sweep {
  const stopping = new AbortController();
  let nextAt = 0;
  let forgottenAt = 0;
  let cursor: SweepCursor | null = null;

  async function run(untold: Untold[]): Promise<void> {
    const refusals: unknown[] = [];
    // one that Temporal refuses must not hide the others
    const unlessRefused = (starting: Promise<void>) =>
      starting.catch((error) => {
        if (error instanceof TemporalAway) throw error;
        refusals.push(error);
      });
    const dispatches = await overdueDispatches(db, most);
    await startAll(dispatches, (dispatch) => unlessRefused(starter.startDispatch(dispatch)), stopping.signal);
    const deliveries = await overdueDeliveries(db, cursor, most);
    await startAll(deliveries, (delivery) => unlessRefused(starter.startDelivery(delivery, 'sweep')), stopping.signal);
    const lanes = await overdueLanes(db, most);
    await startAll(lanes, (lane) => unlessRefused(waker.signal(lane)), stopping.signal);
    await startAll(untold, (delivery) => unlessRefused(tell(delivery)), stopping.signal);
    if (refusals.length > 0) log.warn({ err: refusals[0], refused: refusals.length }, 'relay.starts_refused');
    cursor = cursorAfter(deliveries);
    // orders that were told are not found again; what Temporal refuses would be, so it waits for the usual time
    if (cursor || (untold.length === most && refusals.length === 0)) nextAt = 0;
    if (dispatches.length + deliveries.length + lanes.length > 0)
      log.info({ dispatches: dispatches.length, deliveries: deliveries.length, lanes: lanes.length }, 'relay.swept');
  }

  /** None of these has to do with another, or with Temporal. */
  async function lookAfterHeld(untold: Untold[]): Promise<void> {
    const unblocked = untold.filter(({ status }) => status === 'held' || status === 'cancelled');
    // who gave the order may have died before the lane was told
    const done = await Promise.allSettled([
      expireAllHeld(),
      rememberLanes(),
      waker.unblocked([...new Set(unblocked.map(({ endpointId }) => endpointId))]),
    ]);
    for (const each of done) if (each.status === 'rejected') log.warn({ err: each.reason }, 'relay.held_not_swept');
  }

  async function expireAllHeld(): Promise<void> {
    for (let page = 0; page < mostExpiredPages && !stopping.signal.aborted; page++) {
      if ((await expireHeld(db, most)) < most) return;
    }
    nextAt = 0;
  }

  async function rememberLanes(): Promise<void> {
    if (performance.now() < forgottenAt) return;
    forgottenAt = performance.now() + forgottenEveryMs;
    const forgotten = await forgottenLanes(db, most);
    if (forgotten.length === most) forgottenAt = 0;
    if (forgotten.length > 0) log.warn({ lanes: forgotten.length }, 'relay.lanes_forgotten');
    await waker.parked(forgotten);
  }

  async function tell(delivery: Untold): Promise<void> {
    await starter.look(delivery);
    await orderTold(db, delivery.deliveryId, delivery.orders);
  }

  return {
    soon() {
      nextAt = 0;
    },
    stop: () => stopping.abort(),
    async ifDue(due) {
      if (performance.now() < nextAt || stopping.signal.aborted) return;
      nextAt = performance.now() + everyMs;
      due();
      try {
        const untold = await untoldDeliveries(db, most);
        await lookAfterHeld(untold);
        await run(untold);
      } catch (error) {
        if (!(error instanceof TemporalAway)) throw error;
        log.warn({ err: error }, 'relay.sweep_without_temporal');
        for (const { endpointId } of await overdueLanes(db, most)) drainHere(endpointId);
      }
    },
  };
}

/** What a sweep at once starts: all of it, without the relay's limits. Returns how many workflows were started or found open. */
export async function sweepAll({
  db,
  starter,
  waker,
}: Pick<SweepDeps, 'db' | 'starter' | 'waker'>): Promise<{ deliveries: number; lanes: number }> {
  let cursor: SweepCursor | null = null;
  let started = 0;
  do {
    const deliveries: Awaited<ReturnType<typeof overdueDeliveries>> = await overdueDeliveries(db, cursor, most);
    await startAll(deliveries, (delivery) => starter.startDelivery(delivery, 'reconcile'));
    started += deliveries.length;
    cursor = cursorAfter(deliveries);
  } while (cursor);
  return { deliveries: started, lanes: await signalAll(db, waker) };
}

/** Every lane that holds something gets its workflow, whatever its row says: Temporal may have lost it. */
async function signalAll(db: Db, waker: SweepDeps['waker']): Promise<number> {
  let signalled = 0;
  for (let after: string | null = null; ; ) {
    const lanes = await lanesWithWork(db, after, most);
    await waker.parked(lanes.map(({ endpointId }) => endpointId));
    await startAll(lanes, waker.signal);
    signalled += lanes.length;
    after = lanes.at(-1)?.endpointId ?? null;
    if (lanes.length < most || after === null) return signalled;
  }
}

/** Where a full page of overdue deliveries ends; null: there are no more. */
function cursorAfter(page: SweepCursor[]): SweepCursor | null {
  const last = page.at(-1);
  return page.length === most && last ? { dueAt: last.dueAt, deliveryId: last.deliveryId } : null;
}

async function startAll<T>(items: T[], start: (item: T) => Promise<void>, stopping?: AbortSignal): Promise<void> {
  for (let from = 0; from < items.length && !stopping?.aborted; from += startsAtOnce) {
    await Promise.all(items.slice(from, from + startsAtOnce).map(start));
  }
}
