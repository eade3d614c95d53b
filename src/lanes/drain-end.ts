// The ways a drain ends: the lane rests, the next drain goes on, the lease is lost, or the endpoint
// is deleted. Called by the drain. Each returns a report: when the lane's workflow must go on.
import { cancelUnfinished } from '#db/endpoints/pause-resume';
import { countHeld } from '#db/lanes/lane-held';
import { deleteLane, restLane, resumeRested } from '#db/lanes/lane-ownership';
import type { Db } from '#db/store/pool';
import type { LaneReport } from '#domain/lane';
import type { Timings } from '#domain/timings';
import type { Logger } from '#runtime/logger';
import type { EndpointThrottle } from './endpoint-throttle.ts';
import type { Sending } from './sending.ts';
import type { Rest, Verdict } from './verdict.ts';

const maxCountedHeld = 10_000;

export interface DrainEnd {
  /** Commits the rest and then reads the lane again. Undefined: the rows contradict the rest, and the drain goes on. */
  rest(verdict: Rest): Promise<LaneReport | undefined>;
  /** Stops while there is work; the next drain goes on at once. `ended`: no earlier drain may still be sending. */
  handOn(ended: boolean): Promise<LaneReport>;
  /** Another drain owns the lane: waits until the requests in flight are recorded, and does nothing else. */
  lost(): Promise<LaneReport>;
  /** The endpoint was deleted: cancels its unfinished deliveries, and deletes the lane. */
  remove(stopping: AbortSignal): Promise<LaneReport>;
}

export interface DrainEndDeps {
  db: Db;
  endpointId: string;
  epoch: number;
  throttle: EndpointThrottle;
  sending: Pick<Sending, 'allEnded' | 'sent'>;
  log: Logger;
  /** The lane was released: direct delivery to the endpoint is allowed again. */
  released(): boolean;
  /** Reads the lane again and judges it; null: another drain owns it. */
  lookAgain(): Promise<Verdict | null>;
  timings: Pick<Timings['lanes'], 'checkAgainMs'>;
}

export function createDrainEnd(deps: DrainEndDeps): DrainEnd {
  const { db, endpointId, epoch, throttle, sending, log, released, lookAgain } = deps;
  const { checkAgainMs } = deps.timings;

  async function rest(verdict: Rest): Promise<LaneReport | undefined> {
    const { state, wait, dueInMs } = verdict;
    if (wait === 'paused' || wait === 'disabled') throttle.resetThrottle();
    const held = await countHeld(db, endpointId, maxCountedHeld);
    // Rows that are not due yet are sent by this lane later and need no parking. A closed gate makes every process
    // park.
    const close = wait === 'paused' || wait === 'disabled' || (state === 'idle' && throttle.circuit().state === 'closed');
    if (!(await restLane(db, endpointId, epoch, { ...throttle.facts(wait), state, dueInMs, ended: true, close, released: released() })))
      return lost();
    const restedAt = performance.now();
    const now = await lookAgain();
    if (!now) return lost();
    if (!contradicts(now, verdict, performance.now() - restedAt)) {
      log.info({ endpointId, state, wait, dueInMs, held, sent: sending.sent() }, 'lane.rests');
      return { state, wait, dueInMs, held, sent: sending.sent() };
    }
    if (await resumeRested(db, endpointId, epoch)) return undefined;
    // another process woke the lane, and has signalled its workflow
    return { state: 'shut', wait: null, dueInMs: checkAgainMs, held, sent: sending.sent() };
  }

  async function handOn(ended: boolean): Promise<LaneReport> {
    await sending.allEnded();
    const held = await countHeld(db, endpointId, maxCountedHeld);
    await restLane(db, endpointId, epoch, {
      ...throttle.facts(null),
      state: 'awake',
      dueInMs: 0,
      ended,
      close: false,
      released: released(),
    });
    return { state: 'awake', wait: null, dueInMs: 0, held, sent: sending.sent() };
  }

  async function lost(): Promise<LaneReport> {
    log.warn({ endpointId, epoch }, 'lane.lost');
    await sending.allEnded();
    return { state: 'shut', wait: null, dueInMs: checkAgainMs, held: 0, sent: sending.sent() };
  }

  async function remove(stopping: AbortSignal): Promise<LaneReport> {
    await sending.allEnded();
    for await (const _ of cancelUnfinished(db, endpointId)) if (stopping.aborted) return handOn(true);
    await deleteLane(db, endpointId, epoch);
    // deliveries that were parked before the lane's row was deleted
    for await (const _ of cancelUnfinished(db, endpointId)) if (stopping.aborted) break;
    return { state: 'idle', wait: null, dueInMs: null, held: 0, sent: sending.sent() };
  }

  return { rest, handOn, lost, remove };
}

/** The lane as read after the commit needs to act earlier, or in another way, than the committed rest says. */
function contradicts(now: Verdict, rested: Rest, passedMs: number): boolean {
  if (now.kind !== 'rest' || (rested.state === 'shut' && now.state !== 'shut')) return true;
  if (now.dueInMs === null) return now.wait !== rested.wait && rested.state === 'shut';
  return rested.dueInMs === null || now.dueInMs + passedMs < rested.dueInMs - 250;
}
