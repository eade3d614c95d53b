// The ways a drain ends: the lane rests, the next drain goes on, the lease is lost, or the endpoint
// is deleted. Called by the drain. Each returns a report: when the lane's workflow must go on.
import { cancelUnfinished } from '#db/endpoints/pause-resume';
import { countHeld } from '#db/lanes/lane-held';
import { deleteLane, restLane, resumeRested, saveLane } from '#db/lanes/lane-ownership';
import { readLaneStates } from '#db/lanes/lanes';
import type { Db } from '#db/store/pool';
import type { LaneReport } from '#domain/lanes/lane';
import type { Timings } from '#domain/timings';
import type { Logger } from '#runtime/logger';
import { pause } from '#runtime/pause';
import type { EndpointThrottle } from './endpoint-throttle.ts';
import type { Sending } from './sending.ts';
import type { StopParking } from './stop-parking.ts';
import type { Rest, Verdict } from './verdict.ts';

const maxCountedHeld = 10_000;

export interface DrainEndDeps {
  db: Db;
  endpointId: string;
  epoch: number;
  throttle: EndpointThrottle;
  sending: Pick<Sending, 'allEnded' | 'sent'>;
  stopParking: Pick<StopParking, 'released'>;
  log: Logger;
  timings: Pick<Timings['lanes'], 'checkAgainMs' | 'saveEveryMs'>;
}

/** A rest that is committed. The drain must read the lane again before it ends. */
export interface Rested {
  verdict: Rest;
  held: number;
  atMs: number;
}

/** Commits that the lane rests. Null: another drain owns the lane. */
export async function commitRest({ db, endpointId, epoch, throttle, stopParking }: DrainEndDeps, verdict: Rest): Promise<Rested | null> {
  const { state, wait, dueInMs } = verdict;
  if (wait === 'paused' || wait === 'disabled') throttle.resetThrottle();
  const held = await countHeld(db, endpointId, maxCountedHeld);
  // Rows that are not due yet are sent by this lane later and need no parking. A closed gate makes every process park.
  const close = wait === 'paused' || wait === 'disabled' || (state === 'idle' && throttle.circuit().state === 'closed');
  const facts = { ...throttle.facts(wait), state, dueInMs, ended: true, close, released: stopParking.released() };
  return (await restLane(db, endpointId, epoch, facts)) ? { verdict, held, atMs: performance.now() } : null;
}

/** `now`: the lane as read after the commit. Undefined: the rows contradict the rest, and the drain goes on. */
export async function confirmRest(
  { db, endpointId, epoch, sending, log, timings }: DrainEndDeps,
  { verdict, held, atMs }: Rested,
  now: Verdict,
): Promise<LaneReport | undefined> {
  const { state, wait, dueInMs } = verdict;
  const sent = sending.sent();
  if (!contradicts(now, verdict, performance.now() - atMs)) {
    log.info({ endpointId, state, wait, dueInMs, held, sent }, 'lane.rests');
    return { state, wait, dueInMs, held, sent };
  }
  if (await resumeRested(db, endpointId, epoch)) return undefined;
  // another process woke the lane, and has signalled its workflow
  return { state: 'blocked', wait: null, dueInMs: timings.checkAgainMs, held, sent };
}

/** Stops while there is work; the next drain goes on at once. `ended`: no earlier drain may still be sending. */
export async function handOn(deps: DrainEndDeps, ended: boolean): Promise<LaneReport> {
  const { db, endpointId, epoch, throttle, sending, stopParking } = deps;
  await endRequests(deps);
  const held = await countHeld(db, endpointId, maxCountedHeld);
  const facts = { ...throttle.facts(null), state: 'awake' as const, dueInMs: 0, ended, close: false, released: stopParking.released() };
  await restLane(db, endpointId, epoch, facts);
  return { state: 'awake', wait: null, dueInMs: 0, held, sent: sending.sent() };
}

/** Renews the lease until the requests in flight are recorded: no other drain may take the lane meanwhile. */
async function endRequests({ db, endpointId, epoch, throttle, sending, stopParking, timings }: DrainEndDeps): Promise<void> {
  const ended = new AbortController();
  const ending = sending.allEnded().finally(() => ended.abort());
  while (!ended.signal.aborted && (await saveLane(db, endpointId, epoch, throttle.facts(null), stopParking.released())))
    await pause(timings.saveEveryMs, ended.signal);
  await ending;
}

/** The lane was not taken: there is none, or another drain owns it. */
export async function leaveUntaken(
  db: Db,
  endpointId: string,
  { checkAgainMs }: Pick<Timings['lanes'], 'checkAgainMs'>,
): Promise<LaneReport> {
  const exists = (await readLaneStates(db, [endpointId])).has(endpointId);
  return { state: exists ? 'blocked' : 'idle', wait: null, dueInMs: exists ? checkAgainMs : null, held: 0, sent: 0 };
}

/** Another drain owns the lane: waits until the requests in flight are recorded, and does nothing else. */
export async function leaveLost({ endpointId, epoch, sending, log, timings }: DrainEndDeps): Promise<LaneReport> {
  log.warn({ endpointId, epoch }, 'lane.lost');
  await sending.allEnded();
  return { state: 'blocked', wait: null, dueInMs: timings.checkAgainMs, held: 0, sent: sending.sent() };
}

/** The endpoint was deleted: cancels its unfinished deliveries, and deletes the lane. */
export async function removeLane(deps: DrainEndDeps, stopping: AbortSignal): Promise<LaneReport> {
  const { db, endpointId, epoch, sending } = deps;
  await sending.allEnded();
  for await (const _ of cancelUnfinished(db, endpointId)) if (stopping.aborted) return handOn(deps, true);
  await deleteLane(db, endpointId, epoch);
  // deliveries that were parked before the lane's row was deleted
  for await (const _ of cancelUnfinished(db, endpointId)) if (stopping.aborted) break;
  return { state: 'idle', wait: null, dueInMs: null, held: 0, sent: sending.sent() };
}

/** The lane as read after the commit needs to act earlier, or in another way, than the committed rest says. */
function contradicts(now: Verdict, rested: Rest, passedMs: number): boolean {
  if (now.kind !== 'rest' || (rested.state === 'blocked' && now.state !== 'blocked')) return true;
  if (now.dueInMs === null) return now.wait !== rested.wait && rested.state === 'blocked';
  return rested.dueInMs === null || now.dueInMs + passedMs < rested.dueInMs - 250;
}
