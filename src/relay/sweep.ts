// The sweep: every 10 s one relay of all starts overdue dispatches, deliveries and lanes again, opens the workflows of
// dead letters that had no room, and expires held ones. So it repairs terminated and stuck workflows, and a Temporal that lost its data.
// A repeated sweep does no harm.
import { overdueDeliveries, type SweepCursor, type UnsignalledDelivery, unsignalledDeliveries } from '#db/deliveries/delivery-refs';
import { overdueDispatches } from '#db/events/dispatches';
import { lanesWithWork } from '#db/lanes/holding-lanes';
import { expireHeld } from '#db/lanes/lane-held';
import { forgottenLanes, type LaneRef, overdueLanes } from '#db/lanes/lanes';
import { findSweepWork, type SweepWork } from '#db/lanes/sweep-work';
import type { Db } from '#db/store/pool';
import type { ModeSwitch } from '#domain/events/dispatch-mode';
import { type Timings, usualTimings } from '#domain/timings';
import type { Reached } from '#runtime/checkpoints';
import type { Logger } from '#runtime/logger';
import { signalChange } from '#temporal/commands';
import type { LaneWaker } from '#temporal/lane-waker';
import { TemporalAway } from '#temporal/link';
import type { Starter } from '#temporal/starter';
import { DeadLetters } from './dead-letters.ts';
import { cursorAfter, OverdueDeliveries } from './overdue-deliveries.ts';
import { OverdueStarts } from './overdue-starts.ts';
import { RetryTimes } from './retry-times.ts';
import { startAll } from './start-all.ts';

const pageSize = 500;
/** Maximum pages of expired deliveries in one sweep, because its other work waits meanwhile. */
const maxExpiredPages = 20;

export interface SweepDeps {
  db: Db;
  /** For the question what there is to do: the same connection each time, which has planned it. Default: `db`. */
  lease?: Db;
  starter: Starter;
  waker: Pick<LaneWaker, 'parked' | 'changed' | 'signal' | 'unblocked'>;
  /** Drains an overdue lane in this process, because Temporal is away. */
  drainHere(lane: LaneRef): void;
  /** False: the lane is not to be woken in Temporal, and is looked after. Default: all are. */
  mayWake?(lane: LaneRef): boolean;
  log: Logger;
  /** The budget of workflows, for deliveries. Absent: there is always room. */
  modes?: Pick<ModeSwitch, 'choose' | 'takeLater'>;
  reached?: Reached | undefined;
  /** Default: the usual ones. */
  timings?: Pick<Timings, 'sweep'>;
}

export class Sweep {
  readonly #deps: SweepDeps;
  readonly #timings: Timings['sweep'];
  readonly #stopping = new AbortController();
  readonly #times: RetryTimes;
  readonly #overdue: OverdueDeliveries;
  readonly #deadLetters: DeadLetters;
  #nextAt = 0;
  #forgottenAt = 0;
  #overdueFirst = false;

  constructor(deps: SweepDeps) {
    this.#deps = deps;
    this.#timings = (deps.timings ?? usualTimings).sweep;
    this.#times = new RetryTimes(this.#timings.everyMs);
    this.#overdue = new OverdueDeliveries(deps, this.#timings.deliveryOverdueAfterMs);
    this.#deadLetters = new DeadLetters(deps);
  }

  /**
   * What is to be run now, and is not due any more: a whole sweep if 10 s have passed since the last one, or `soon` was
   * called; else a part of it that has more to do each second. Null: nothing, and nothing once it is stopped.
   */
  takeDue(): (() => Promise<void>) | null {
    if (this.#stopping.signal.aborted) return null;
    if (performance.now() >= this.#nextAt) {
      this.#postpone();
      return () => this.run();
    }
    const [overdue, deadLetters] = [this.#overdue.takeDue(), this.#deadLetters.takeDue()];
    return overdue || deadLetters ? () => this.#withinBudget(overdue, deadLetters) : null;
  }

  /** Makes it due. */
  soon(): void {
    this.#nextAt = 0;
  }

  /** Starts nothing more after the current starts. */
  stop(): void {
    this.#stopping.abort();
  }

  #postpone(): void {
    this.#nextAt = performance.now() + this.#timings.everyMs;
  }

  /** Sweeps once. Do not call it concurrently. */
  async run(): Promise<void> {
    const { db, lease = db, log } = this.#deps;
    this.#postpone();
    try {
      const work = await findSweepWork(lease, this.#timings);
      const unsignalled = work.unsignalled ? await unsignalledDeliveries(db, pageSize) : [];
      await this.#lookAfterHeld(work, unsignalled);
      await this.#startOverdue(work, unsignalled);
      await this.#withinBudget(work.overdueDeliveries, work.unopened);
    } catch (error) {
      if (!(error instanceof TemporalAway)) throw error;
      log.warn({ err: error }, 'relay.sweep_without_temporal');
      for (const lane of await overdueLanes(db, pageSize, this.#timings.laneOverdueAfterMs)) this.#deps.drainHere(lane);
    }
  }

  /** Starts dispatches that are not done, and lanes past their time. */
  async #startOverdue(work: SweepWork, unsignalled: UnsignalledDelivery[]): Promise<void> {
    const { db, starter, log } = this.#deps;
    const { dispatchOverdueAfterMs, laneOverdueAfterMs } = this.#timings;
    const starts = new OverdueStarts(this.#deps, this.#times, this.#stopping.signal);
    const dispatches = await starts.dispatches(work.overdueDispatches ? await overdueDispatches(db, pageSize, dispatchOverdueAfterMs) : []);
    const overdue = work.overdueLanes ? await overdueLanes(db, pageSize, laneOverdueAfterMs) : [];
    const lanes = await starts.lanes(overdue.filter((lane) => this.#deps.mayWake?.(lane) ?? true));
    await starts.each(unsignalled, (delivery) => signalChange({ db, starter }, delivery, 'sweep'));
    starts.logRefusals();
    // signalled commands are not found again. Refused ones would be, so they wait for the next regular sweep.
    if (unsignalled.length === pageSize && starts.refusals.length === 0) this.soon();
    if (dispatches + lanes > 0) log.info({ dispatches, lanes }, 'relay.swept');
  }

  /** The deliveries that ask the budget. They share a part of it, so each kind is first every second time. */
  async #withinBudget(overdue: boolean, deadLetters: boolean): Promise<void> {
    this.#overdueFirst = !this.#overdueFirst;
    const runs = [overdue && (() => this.#startDeliveries()), deadLetters && (() => this.#deadLetters.run())];
    for (const run of this.#overdueFirst ? runs : runs.toReversed()) if (run) await run();
  }

  async #startDeliveries(): Promise<void> {
    const starts = new OverdueStarts(this.#deps, this.#times, this.#stopping.signal);
    const deliveries = await this.#overdue.run(starts);
    starts.logRefusals();
    if (deliveries > 0) this.#deps.log.info({ deliveries }, 'relay.swept');
  }

  /** The work on held deliveries: three independent steps, none of which needs Temporal's answer. */
  async #lookAfterHeld(work: SweepWork, unsignalled: UnsignalledDelivery[]): Promise<void> {
    const unblocked = unsignalled.filter(({ status }) => status === 'held' || status === 'cancelled');
    // the process that stored the command may have crashed before it signalled the lane
    const done = await Promise.allSettled([
      work.expired && this.#expireHeld(),
      work.held && this.#rememberLanes(),
      this.#deps.waker.unblocked([...new Set(unblocked.map(({ endpointId }) => endpointId))]),
    ]);
    for (const each of done) if (each.status === 'rejected') this.#deps.log.warn({ err: each.reason }, 'relay.held_not_swept');
  }

  async #expireHeld(): Promise<void> {
    for (let page = 0; page < maxExpiredPages && !this.#stopping.signal.aborted; page++) {
      if ((await expireHeld(this.#deps.db, pageSize)) < pageSize) return;
    }
    this.soon();
  }

  /** Once a minute: wakes the lanes that do not know of their held deliveries. */
  async #rememberLanes(): Promise<void> {
    const { db, waker, log } = this.#deps;
    if (performance.now() < this.#forgottenAt) return;
    this.#forgottenAt = performance.now() + this.#timings.forgottenLanesEveryMs;
    const forgotten = await forgottenLanes(db, pageSize);
    if (forgotten.length === pageSize) this.#forgottenAt = 0;
    if (forgotten.length > 0) log.warn({ lanes: forgotten.length }, 'relay.lanes_forgotten');
    await waker.parked(forgotten);
    for (const endpointId of forgotten) await waker.changed(endpointId);
  }
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
    await startAll(deliveries, async (delivery) => void (await starter.startDelivery(delivery, 'reconcile')));
    started += deliveries.length;
    cursor = cursorAfter(deliveries, pageSize);
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
