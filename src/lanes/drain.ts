// The drain sends the held deliveries of one endpoint until there is nothing to do now.
// Called by the lane's workflow; only the drain with the newest epoch sends (see `drainAs`).
// If it dies, the row still says `awake`, and Temporal or the sweep starts another drain.
import { setTimeout as delay } from 'node:timers/promises';
import type { DeliveryRef } from '#db/deliveries/delivery-refs';
import type { LaneEndpoint } from '#db/lanes/lane-endpoint';
import { saveLane, type TakenLane, takeLane } from '#db/lanes/lane-ownership';
import type { LaneReport } from '#domain/lane';
import { type Timings, usualTimings } from '#domain/timings';
import { takeOverBackoff } from './backoff-takeover.ts';
import { type ConsequencesDeps, createConsequences } from './consequences.ts';
import { createDrainEnd } from './drain-end.ts';
import type { Drain } from './drain-types.ts';
import type { DrainWakeups } from './drain-wakeups.ts';
import { createEndpointThrottle } from './endpoint-throttle.ts';
import { createPace } from './pace.ts';
import { createReading, type Look } from './reading.ts';
import { createSending, type SendingDeps } from './sending.ts';
import { createStopParking } from './stop-parking.ts';
import { judgeLane, type Rest, type Verdict } from './verdict.ts';

const fillingLookMs = 250;

export interface DrainDeps
  extends Pick<SendingDeps, 'db' | 'poster' | 'recorder' | 'starter' | 'stallWatch' | 'log' | 'places' | 'limits' | 'isInHand'>,
    Pick<ConsequencesDeps, 'disableAfterMs' | 'probeDisabledEveryMs'> {
  wakeups: DrainWakeups;
  /** The highest number of drains at once in this process. */
  slots: number;
  /** Default: the usual ones. */
  timings?: Timings['lanes'];
}

export function createDrain(deps: DrainDeps): Drain {
  let running = 0;
  return async (endpointId, stopping) => {
    const taken = await takeLane(deps.db, endpointId);
    if (!taken) return { state: 'idle', wait: null, dueInMs: null, held: 0, sent: 0 };
    // when more than half of the drain slots are in use, no drain lingers for work that may come
    const { timings = usualTimings.lanes } = deps;
    const lingerMs = ++running > deps.slots / 2 ? 0 : timings.lingerMs;
    return drainAs({ ...deps, timings: { ...timings, lingerMs } }, endpointId, taken, stopping).finally(() => running--);
  };
}

/**
 * One sender: each drain takes a new epoch, and each look reads the lane under that epoch. A request begins at most
 * 2.5 s after a look was sent that still found this drain the owner. If the drain before did not end in order, the new
 * one waits 3 s before its first request. So two drains overlap only in requests in flight when a process stalled.
 *
 * Never stuck: the drain commits that the lane rests, and then reads the rows again. The parker commits its row before
 * it reads the lane's state. So one of the two always sees the other.
 */
async function drainAs(
  deps: DrainDeps & { timings: Timings['lanes'] },
  endpointId: string,
  taken: TakenLane,
  stopping: AbortSignal,
): Promise<LaneReport> {
  const { db, log, recorder, wakeups, timings } = deps;
  const { epoch } = taken;
  let ownerAt = Number.NEGATIVE_INFINITY;
  let stale = false;
  let paceUntil = 0;
  const isTooLate = () => performance.now() > ownerAt + timings.leaseMs;
  const throttle = createEndpointThrottle(taken, timings.circuit);
  const reading = createReading(db, endpointId, epoch, timings.lowestForMs);
  const { queues } = reading;
  const sending = createSending({
    ...deps,
    laneWatch: null,
    endpointId,
    epoch,
    queues,
    pace: createPace(db, taken.restedMs),
    throttle,
    isTooLate,
    onSent: createConsequences({
      ...deps,
      endpointId,
      throttle,
      onStale() {
        stale = true;
      },
    }),
  });
  const stopParking = createStopParking({ db, endpointId, epoch, parks: taken.parks, queues, sending, standing: throttle, timings });
  const drainEnd = createDrainEnd({ db, endpointId, epoch, throttle, sending, log, released: stopParking.released, lookAgain, timings });
  const mayPostFrom = taken.restedMs === null ? performance.now() + timings.takeoverMs : 0;
  let savedAt = performance.now();
  let busyAt = performance.now();

  async function run(): Promise<LaneReport> {
    await takeOverBackoff(db, endpointId, tell, stopping);
    while (performance.now() < mayPostFrom && !stopping.aborted) await pause(mayPostFrom - performance.now());
    for (let endpoint: LaneEndpoint | undefined; ; ) {
      if (performance.now() - savedAt > timings.saveEveryMs && !(await save())) return drainEnd.lost();
      const seen = await look(sending.room(endpoint), endpoint === undefined);
      if (!seen) return drainEnd.lost();
      endpoint = seen.endpoint;
      const verdict = judge(seen);
      await stopParking.looked(seen, verdict);
      if (stopping.aborted) return drainEnd.handOn(performance.now() >= mayPostFrom);
      if (verdict.kind === 'gone') return drainEnd.remove(stopping);
      if (verdict.kind === 'send') await sendSome(seen, verdict.probe);
      else if (queues.underWay() > 0) await Promise.race([sending.oneEnded(), wakeups.wait(endpointId, timings.lookEveryMs, stopping)]);
      else if (isBrief(verdict, seen)) await waitBriefly(verdict, seen);
      else {
        const report = await drainEnd.rest(verdict);
        if (report) return report;
        busyAt = performance.now();
        stopParking.again();
      }
    }
  }

  async function look(room: number, unaware = false): Promise<Look | null> {
    stale = false;
    const seen = await reading.look(room, throttle.probing(), unaware);
    if (!seen) return null;
    ownerAt = seen.sentAtMs;
    if (seen.endpoint.targetVersion !== throttle.targetVersion()) {
      throttle.moved(seen.endpoint.targetVersion);
      return look(room, unaware);
    }
    stopParking.seen(seen);
    if (seen.endpoint.gate === 'open') throttle.enabled();
    if (seen.hurried) throttle.probeNow();
    return seen;
  }

  function judge(seen: Look): Verdict {
    return judgeLane({ ...seen, circuit: throttle.circuit(), paceInMs: paceUntil - performance.now(), nowMs: Date.now() }, timings);
  }

  /** Sends while the rows are fresh and there is something to send or to wait for. */
  async function sendSome({ endpoint, sentAtMs }: Look, probe: boolean): Promise<void> {
    while (!stale && performance.now() < sentAtMs + timings.rowsFreshForMs && !stopping.aborted) {
      busyAt = performance.now();
      if (recorder.isBehind()) return pause(100);
      const { begun, waitMs } = await sending.begin(endpoint, probe);
      paceUntil = performance.now() + (waitMs ?? 0);
      if ((waitMs ?? 0) > timings.briefMs && begun === 0) return;
      // the next batch may not be full yet; and only one probe may be in flight
      if (begun > 0 && (probe || endpoint.batch)) return;
      const movable = queues.movable(Date.now());
      const hasRoom = sending.room(endpoint) > 0;
      if (movable === 0 && (queues.underWay() === 0 || (endpoint.ordering === 'none' && hasRoom))) return;
      if (begun > 0 && movable > 0 && waitMs === null && hasRoom) continue;
      const left = Math.max(1, sentAtMs + timings.rowsFreshForMs - performance.now());
      await Promise.race([pause(Math.min(waitMs ?? left, left)), ...(queues.underWay() > 0 ? [sending.oneEnded()] : [])]);
      if (probe) return;
    }
  }

  /** The drain waits out this rest instead of ending. */
  function isBrief({ state, wait, dueInMs }: Rest, { fillingMs }: Look): boolean {
    if (dueInMs !== null && dueInMs <= timings.briefMs) return true;
    if (state === 'shut') return false;
    return fillingMs !== null || (wait === 'nothing_due' && performance.now() - busyAt < timings.lingerMs);
  }

  async function waitBriefly({ dueInMs }: Rest, { fillingMs }: Look): Promise<void> {
    const ms = Math.min(timings.lookEveryMs, Math.max(1, dueInMs ?? timings.lookEveryMs));
    // each delivery that fills a batch wakes the drain: pause instead
    if (fillingMs !== null) await pause(Math.min(ms, fillingLookMs));
    else await wakeups.wait(endpointId, ms, stopping);
  }

  async function lookAgain(): Promise<Verdict | null> {
    // due times may have been changed without a signal, because the lane was awake
    queues.forgetWaits();
    const seen = await look(1, true);
    return seen && judge(seen);
  }

  function save(): Promise<boolean> {
    savedAt = performance.now();
    queues.forgetWaits();
    return saveLane(db, endpointId, epoch, throttle.facts(null), stopParking.released());
  }

  function tell(deliveries: DeliveryRef[]): void {
    void Promise.all(deliveries.map((one) => deps.starter.look(one))).catch((error) => log.debug({ err: error }, 'lane.not_told'));
  }

  async function pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: stopping }).catch(() => undefined);
  }

  try {
    return await run();
  } finally {
    await sending.allEnded();
  }
}
