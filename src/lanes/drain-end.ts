// How a drain ends: laid to rest, handed on in the middle, lost to another, or with its endpoint gone. Each says the workflow when to go on.
import { cancelUnfinished } from '#db/endpoints/pause-resume';
import { countHeld } from '#db/lanes/lane-held';
import { deleteLane, restLane, resumeRested } from '#db/lanes/lane-ownership';
import type { Db } from '#db/store/pool';
import type { LaneReport } from '#domain/lane';
import type { Logger } from '#runtime/logger';
import type { EndpointThrottle } from './endpoint-throttle.ts';
import type { Sending } from './sending.ts';
import type { Rest, Verdict } from './verdict.ts';

const askedAgainMs = 10_000;
const countedHeld = 10_000;

export interface DrainEnd {
  /** Undefined: when that was committed it was found contradicted, and the drain goes on. */
  rest(verdict: Rest): Promise<LaneReport | undefined>;
  /** It stops here in the middle, and the next drain goes on at once. `ended`: no drain before this one may be posting still. */
  handOn(ended: boolean): Promise<LaneReport>;
  /** Another drain is the owner: what is under way is recorded, nothing else is done. */
  lost(): Promise<LaneReport>;
  /** The endpoint is gone, and so is what was held for it. */
  remove(stopping: AbortSignal): Promise<LaneReport>;
}

export interface DrainEndDeps {
  db: Db;
  endpointId: string;
  epoch: number;
  throttle: EndpointThrottle;
  sending: Pick<Sending, 'allEnded' | 'sent'>;
  log: Logger;
  /** The lane was let go: others send to the endpoint too. */
  released(): boolean;
  /** What is to be done now, as it is read anew; null: another drain is the owner. */
  lookAgain(): Promise<Verdict | null>;
}

export function createDrainEnd({ db, endpointId, epoch, throttle, sending, log, released, lookAgain }: DrainEndDeps): DrainEnd {
  async function rest(verdict: Rest): Promise<LaneReport | undefined> {
    const { state, wait, dueInMs } = verdict;
    if (wait === 'paused' || wait === 'disabled') throttle.resetThrottle();
    const held = await countHeld(db, endpointId, countedHeld);
    // what is not due yet is this lane's to send then, and nobody else's concern; a closed gate makes everybody park by itself
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
    // somebody woke it, and has signalled
    return { state: 'shut', wait: null, dueInMs: askedAgainMs, held, sent: sending.sent() };
  }

  async function handOn(ended: boolean): Promise<LaneReport> {
    await sending.allEnded();
    const held = await countHeld(db, endpointId, countedHeld);
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
    return { state: 'shut', wait: null, dueInMs: askedAgainMs, held: 0, sent: sending.sent() };
  }

  async function remove(stopping: AbortSignal): Promise<LaneReport> {
    await sending.allEnded();
    for await (const _ of cancelUnfinished(db, endpointId)) if (stopping.aborted) return handOn(true);
    await deleteLane(db, endpointId, epoch);
    // what was parked while there was a lane to find
    for await (const _ of cancelUnfinished(db, endpointId)) if (stopping.aborted) break;
    return { state: 'idle', wait: null, dueInMs: null, held: 0, sent: sending.sent() };
  }

  return { rest, handOn, lost, remove };
}

/** What is seen after the commit asks for more than what was committed. */
function contradicts(now: Verdict, rested: Rest, passedMs: number): boolean {
  if (now.kind !== 'rest' || (rested.state === 'shut' && now.state !== 'shut')) return true;
  if (now.dueInMs === null) return now.wait !== rested.wait && rested.state === 'shut';
  return rested.dueInMs === null || now.dueInMs + passedMs < rested.dueInMs - 250;
}
