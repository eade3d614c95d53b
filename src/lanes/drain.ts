// The drain sends the held deliveries of one endpoint until there is nothing to do now.
// Called by the lane's workflow; only the drain with the newest epoch sends (see `LaneDrain`).
// If it dies, the row still says `awake`, and Temporal or the sweep starts another drain.
import { setTimeout as delay } from 'node:timers/promises';
import type { LaneEndpoint } from '#db/lanes/lane-endpoint';
import { saveLane, type TakeIf, type TakenLane, takeLane } from '#db/lanes/lane-ownership';
import type { LaneReport } from '#domain/lanes/lane';
import { type Timings, usualTimings } from '#domain/timings';
import { takeOverBackoff } from './backoff-takeover.ts';
import { commitRest, confirmRest, type DrainEndDeps, handOn, leaveLost, leaveUntaken, removeLane } from './drain-end.ts';
import type { Drain } from './drain-types.ts';
import type { DrainWakeups } from './drain-wakeups.ts';
import { EndpointThrottle } from './endpoint-throttle.ts';
import { createPace } from './pace.ts';
import { type Look, Reading } from './reading.ts';
import { Sending, type SendingDeps } from './sending.ts';
import { createStopParking, type StopParking } from './stop-parking.ts';
import { judgeLane, type Rest, type Verdict } from './verdict.ts';

const fillingLookMs = 250;

export interface DrainDeps extends Omit<SendingDeps, 'endpointId' | 'epoch' | 'queues' | 'pace' | 'throttle' | 'laneWatch' | 'timings'> {
  wakeups: DrainWakeups;
  /** The highest number of drains at once in this process. */
  maxDrains: number;
  /** Default: the lane is taken from any other drain. */
  takeIf?: TakeIf;
  /** Default: the usual ones. */
  timings?: Timings['lanes'];
}

export function createDrain(deps: DrainDeps): Drain {
  let running = 0;
  return async (endpointId, stopping) => {
    const { timings = usualTimings.lanes } = deps;
    const taken = await takeLane(deps.db, endpointId, deps.takeIf);
    if (!taken) return leaveUntaken(deps.db, endpointId, timings);
    // when more than half as many drains run as may run, none lingers for work that may come
    const lingerMs = ++running > deps.maxDrains / 2 ? 0 : timings.lingerMs;
    const drain = new LaneDrain({ ...deps, timings: { ...timings, lingerMs } }, endpointId, taken, stopping);
    const report = await drain.run().finally(() => running--);
    return { ...report, tenantId: taken.tenantId };
  };
}

type LaneDrainDeps = DrainDeps & { timings: Timings['lanes'] };

/**
 * A drain takes over the endpoint's deliveries in backoff, waits until no earlier drain can send any more, and then
 * repeats: look at the lane (read endpoint and rows), judge it, and act. It sends while something may go; waits while
 * requests are in flight or something is due soon; else it commits that the lane rests, looks once more, and ends.
 * It also ends when it is stopped, when another drain owns the lane, and when the endpoint was deleted.
 *
 * One sender: each drain takes a new epoch, and each look reads the lane under that epoch. A request begins at most
 * `leaseMs` after a look was sent that still found this drain the owner. If the drain before did not end in order, the
 * new one waits `takeoverMs` before its first request. So two drains overlap only in requests in flight when a process stalled.
 *
 * Never stuck: the drain commits that the lane rests, and then reads the rows again. The parker commits its row before
 * it reads the lane's state. So one of the two always sees the other.
 */
class LaneDrain {
  readonly #deps: LaneDrainDeps;
  readonly #timings: Timings['lanes'];
  readonly #stopping: AbortSignal;
  readonly #throttle: EndpointThrottle;
  readonly #reading: Reading;
  readonly #sending: Sending;
  readonly #stopParking: StopParking;
  readonly #lane: DrainEndDeps;
  /** No earlier drain sends after this time. */
  readonly #mayPostFrom: number;
  #paceUntil = 0;
  #savedAt = performance.now();
  #busyAt = performance.now();

  constructor(deps: LaneDrainDeps, endpointId: string, taken: TakenLane, stopping: AbortSignal) {
    const { db, log, timings } = deps;
    const { epoch, restedMs, parks } = taken;
    this.#deps = deps;
    this.#timings = timings;
    this.#stopping = stopping;
    this.#mayPostFrom = restedMs === null ? performance.now() + timings.takeoverMs : 0;
    this.#throttle = new EndpointThrottle(taken, timings.circuit);
    this.#reading = new Reading(db, endpointId, epoch, timings.lowestForMs);
    const own = { db, log, timings, endpointId, epoch, throttle: this.#throttle, queues: this.#reading.queues };
    this.#sending = new Sending({ ...deps, ...own, laneWatch: null, pace: createPace(db, restedMs) });
    this.#stopParking = createStopParking({ ...own, parks, sending: this.#sending });
    this.#lane = { ...own, sending: this.#sending, stopParking: this.#stopParking };
  }

  async run(): Promise<LaneReport> {
    try {
      await takeOverBackoff(this.#deps, this.#lane.endpointId, this.#stopping);
      while (performance.now() < this.#mayPostFrom && !this.#stopping.aborted) await this.#pause(this.#mayPostFrom - performance.now());
      for (let endpoint: LaneEndpoint | undefined; ; ) {
        if (performance.now() - this.#savedAt > this.#timings.saveEveryMs && !(await this.#save())) return await leaveLost(this.#lane);
        const seen = await this.#look(this.#sending.room(endpoint), endpoint === undefined);
        if (!seen) return await leaveLost(this.#lane);
        endpoint = seen.endpoint;
        const verdict = this.#judge(seen);
        await this.#stopParking.looked(seen, verdict);
        if (this.#stopping.aborted) return await handOn(this.#lane, performance.now() >= this.#mayPostFrom);
        if (verdict.kind === 'gone') return await removeLane(this.#lane, this.#stopping);
        if (verdict.kind === 'send') await this.#send(seen, verdict.probe);
        else if (this.#reading.queues.underWay() > 0)
          await Promise.race([this.#sending.oneEnded(), this.#wakeup(this.#timings.lookEveryMs)]);
        else if (this.#isBrief(verdict, seen)) await this.#waitBriefly(verdict, seen);
        else {
          const report = await this.#rest(verdict);
          if (report) return report;
        }
      }
    } finally {
      await this.#sending.allEnded();
    }
  }

  /** Null: another drain owns the lane. */
  async #look(room: number, unaware = false): Promise<Look | null> {
    const seen = await this.#reading.look(room, this.#throttle.probing(), unaware);
    if (!seen) return null;
    this.#sending.looked(seen.sentAtMs);
    if (seen.endpoint.targetVersion !== this.#throttle.targetVersion()) {
      this.#throttle.moved(seen.endpoint.targetVersion);
      return this.#look(room, unaware);
    }
    this.#stopParking.seen(seen);
    if (seen.endpoint.gate === 'open') this.#throttle.enabled();
    if (seen.hurried) this.#throttle.probeNow();
    return seen;
  }

  #judge(seen: Look): Verdict {
    const paceInMs = this.#paceUntil - performance.now();
    return judgeLane({ ...seen, circuit: this.#throttle.circuit(), paceInMs, nowMs: Date.now() }, this.#timings);
  }

  /** Sends while the rows are fresh and there is something to send or to wait for. */
  async #send({ endpoint, sentAtMs }: Look, probe: boolean): Promise<void> {
    const sending = this.#sending;
    const { queues } = this.#reading;
    const freshUntil = sentAtMs + this.#timings.rowsFreshForMs;
    while (!sending.isStale() && performance.now() < freshUntil && !this.#stopping.aborted) {
      this.#busyAt = performance.now();
      if (this.#deps.recorder.isBehind()) return this.#pause(100);
      const { begun, waitMs } = await sending.begin(endpoint, probe);
      this.#paceUntil = performance.now() + (waitMs ?? 0);
      if ((waitMs ?? 0) > this.#timings.briefMs && begun === 0) return;
      // the next batch may not be full yet; and only one probe may be in flight
      if (begun > 0 && (probe || endpoint.batch)) return;
      const movable = queues.movable(Date.now());
      const hasRoom = sending.room(endpoint) > 0;
      if (movable === 0 && (queues.underWay() === 0 || (endpoint.ordering === 'none' && hasRoom))) return;
      if (begun > 0 && movable > 0 && waitMs === null && hasRoom) continue;
      const left = Math.max(1, freshUntil - performance.now());
      await Promise.race([this.#pause(Math.min(waitMs ?? left, left)), ...(queues.underWay() > 0 ? [sending.oneEnded()] : [])]);
      if (probe) return;
    }
  }

  /** The drain waits out this rest instead of ending. */
  #isBrief({ state, wait, dueInMs }: Rest, { fillingMs }: Look): boolean {
    if (dueInMs !== null && dueInMs <= this.#timings.briefMs) return true;
    if (state === 'blocked') return false;
    return fillingMs !== null || (wait === 'nothing_due' && performance.now() - this.#busyAt < this.#timings.lingerMs);
  }

  async #waitBriefly({ dueInMs }: Rest, { fillingMs }: Look): Promise<void> {
    const { lookEveryMs } = this.#timings;
    const ms = Math.min(lookEveryMs, Math.max(1, dueInMs ?? lookEveryMs));
    // each delivery that fills a batch wakes the drain: pause instead
    if (fillingMs !== null) await this.#pause(Math.min(ms, fillingLookMs));
    else await this.#wakeup(ms);
  }

  /** Undefined: there is work again, and the drain goes on. */
  async #rest(verdict: Rest): Promise<LaneReport | undefined> {
    const rested = await commitRest(this.#lane, verdict);
    // due times may have been changed without a signal, because the lane was awake
    this.#reading.queues.forgetWaits();
    const seen = rested && (await this.#look(1, true));
    if (!seen) return leaveLost(this.#lane);
    const report = await confirmRest(this.#lane, rested, this.#judge(seen));
    if (report) return report;
    this.#busyAt = performance.now();
    this.#stopParking.again();
  }

  #save(): Promise<boolean> {
    this.#savedAt = performance.now();
    this.#reading.queues.forgetWaits();
    return saveLane(this.#deps.db, this.#lane.endpointId, this.#lane.epoch, this.#throttle.facts(null), this.#stopParking.released());
  }

  #pause(ms: number): Promise<void> {
    return delay(ms, undefined, { signal: this.#stopping }).catch(() => undefined);
  }

  #wakeup(ms: number): Promise<void> {
    return this.#deps.wakeups.wait(this.#lane.endpointId, ms, this.#stopping);
  }
}
