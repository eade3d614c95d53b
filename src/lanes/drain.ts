// The drain: sends what is held for one endpoint, as its owner, until there is nothing to do now.
//
// One sender: a drain takes a new epoch, and each of its looks is a read under that epoch. A request begins at most 2.5 s after a look that still found it the
// owner was sent, and a drain whose former one did not end in order waits 3 s before its first. So two of them overlap in requests under way at a stall, and in
// nothing else.
// Never stuck: it lays the lane to rest, and when that is committed looks once more for what would contradict it; who parks commits first and looks
// at the lane then. What if it dies at any point? The row says awake, no drain is seen, and Temporal or the sweep begins another.
import { setTimeout as delay } from 'node:timers/promises';
import { clearHealth } from '../db/endpoint-health.ts';
import { disableFailing, recoverFailing } from '../db/failing-endpoints.ts';
import { cancelUnfinished } from '../db/gates.ts';
import { countHeld } from '../db/lane-held.ts';
import type { LaneEndpoint } from '../db/lane-page.ts';
import { deleteLane, restLane, resumeRested, saveLane, type TakenLane, takeLane } from '../db/lanes.ts';
import { parkSleeping } from '../db/parking.ts';
import { type CircuitTimes, circuitTimes } from '../domain/circuit.ts';
import { newId } from '../new-id.ts';
import type { Nudges } from './nudges.ts';
import { createPace } from './pace.ts';
import { createReading, type Look } from './reading.ts';
import type { Drain, LaneReport } from './report.ts';
import { createSending, type SendingDeps } from './sending.ts';
import type { Shipped } from './shipment.ts';
import { createStanding } from './standing.ts';
import { judgeLane, type Verdict } from './verdict.ts';

const leaseMs = 2_500;
const otherLeaseMs = 3_000;
/** A row that was read may have been cancelled since. */
const freshMs = 1_000;
const saveEveryMs = 5_000;
/** Shorter waits are not worth ending for. */
const briefMs = 2_000;
const lookEveryMs = 500;
const fillingLookMs = 250;
const askedAgainMs = 10_000;
const pageOfSleepers = 500;
const lookAtOnce = 100;
const countedHeld = 10_000;

export interface DrainDeps
  extends Pick<SendingDeps, 'db' | 'poster' | 'recorder' | 'starter' | 'watch' | 'log' | 'places' | 'limits' | 'isInHand'> {
  nudges: Nudges;
  /** Without a success for so long the endpoint is disabled. */
  disableAfterMs: number;
  probeDisabledEveryMs: number;
  times?: CircuitTimes;
  /** How long a lane without work waits for more before it ends. */
  lingerMs?: number;
}

type Rest = Extract<Verdict, { kind: 'rest' }>;

export function createDrain(deps: DrainDeps): Drain {
  return async (endpointId, stopping) => {
    const taken = await takeLane(deps.db, endpointId);
    if (!taken) return { state: 'idle', wait: null, dueInMs: null, held: 0, sent: 0 };
    return drainAs(deps, endpointId, taken, stopping);
  };
}

async function drainAs(deps: DrainDeps, endpointId: string, taken: TakenLane, stopping: AbortSignal): Promise<LaneReport> {
  const { db, log, recorder, nudges, times = circuitTimes, lingerMs = 5_000 } = deps;
  const { epoch } = taken;
  let ownerAt = Number.NEGATIVE_INFINITY;
  let stale = false;
  const isTooLate = () => performance.now() > ownerAt + leaseMs;
  const standing = createStanding(taken, times);
  const reading = createReading(db, endpointId, epoch);
  const { lines } = reading;
  const sending = createSending({
    ...deps,
    endpointId,
    epoch,
    lines,
    pace: createPace(db, taken.restedMs),
    standing,
    isTooLate,
    onShipped,
  });
  const mayPostFrom = taken.restedMs === null ? performance.now() + otherLeaseMs : 0;
  let savedAt = performance.now();
  let busyAt = performance.now();

  async function run(): Promise<LaneReport> {
    await takeOverSleepers();
    while (performance.now() < mayPostFrom && !stopping.aborted) await pause(mayPostFrom - performance.now());
    for (let endpoint: LaneEndpoint | undefined; ; ) {
      if (performance.now() - savedAt > saveEveryMs && !(await save())) return lost();
      const seen = await look(sending.room(endpoint));
      if (!seen) return lost();
      endpoint = seen.endpoint;
      const verdict = judge(seen);
      if (stopping.aborted) return handOn();
      if (verdict.kind === 'gone') return remove();
      if (verdict.kind === 'send') await sendSome(seen, verdict.probe);
      else if (lines.underWay() > 0) await Promise.race([sending.oneEnded(), nudges.wait(endpointId, lookEveryMs, stopping)]);
      else if (isBrief(verdict, seen)) await waitBriefly(verdict, seen);
      else {
        const report = await rest(verdict);
        if (report) return report;
      }
    }
  }

  async function look(room: number): Promise<Look | null> {
    stale = false;
    const seen = await reading.look(room, standing.circuit().state === 'open');
    if (!seen) return null;
    ownerAt = seen.sentAtMs;
    if (seen.endpoint.gate === 'open') standing.enabled();
    return seen;
  }

  function judge({ endpoint, canMove, blocked, nextInMs }: Look): Verdict {
    return judgeLane({ endpoint, circuit: standing.circuit(), canMove, blocked, nextInMs, nowMs: Date.now() });
  }

  /** While what was read is fresh, and there is something to begin or to wait for. */
  async function sendSome({ endpoint, sentAtMs }: Look, probe: boolean): Promise<void> {
    while (!stale && performance.now() < sentAtMs + freshMs && !stopping.aborted) {
      busyAt = performance.now();
      if (recorder.isBehind()) return pause(100);
      const { begun, waitMs } = await sending.begin(endpoint, probe);
      // the next batch may not be full yet, and one probe is enough
      if (begun > 0 && (probe || endpoint.batch)) return;
      const movable = lines.movable(Date.now());
      const hasRoom = sending.room(endpoint) > 0;
      if (movable === 0 && (lines.underWay() === 0 || (endpoint.ordering === 'none' && hasRoom))) return;
      if (begun > 0 && movable > 0 && waitMs === null && hasRoom) continue;
      const left = Math.max(1, sentAtMs + freshMs - performance.now());
      await Promise.race([pause(Math.min(waitMs ?? left, left)), ...(lines.underWay() > 0 ? [sending.oneEnded()] : [])]);
    }
  }

  /** Waited out here rather than ending for it. */
  function isBrief({ state, wait, dueInMs }: Rest, { fillingMs }: Look): boolean {
    if (dueInMs !== null && dueInMs <= briefMs) return true;
    if (state === 'shut') return false;
    return fillingMs !== null || (wait === 'nothing_due' && performance.now() - busyAt < lingerMs);
  }

  async function waitBriefly({ dueInMs }: Rest, { fillingMs }: Look): Promise<void> {
    const ms = Math.min(lookEveryMs, Math.max(1, dueInMs ?? lookEveryMs));
    // each of the many that fill a batch nudges
    if (fillingMs !== null) await pause(Math.min(ms, fillingLookMs));
    else await nudges.wait(endpointId, ms, stopping);
  }

  async function rest(verdict: Rest): Promise<LaneReport | undefined> {
    const { state, wait, dueInMs } = verdict;
    if (wait === 'paused' || wait === 'disabled') standing.begunAnew();
    const held = await countHeld(db, endpointId, countedHeld);
    const close = state === 'idle' && held === 0 && standing.circuit().state === 'closed';
    if (!(await restLane(db, endpointId, epoch, { ...standing.facts(wait), state, dueInMs, ended: true, close }))) return lost();
    const restedAt = performance.now();
    // times that are known here may have been changed without a word to a lane that was awake
    lines.forgetWaits();
    const seen = await look(1);
    if (!seen) return lost();
    if (!contradicts(judge(seen), verdict, performance.now() - restedAt)) {
      log.info({ endpointId, state, wait, dueInMs, held, sent: sending.sent() }, 'lane.rests');
      return { state, wait, dueInMs, held, sent: sending.sent() };
    }
    busyAt = performance.now();
    if (await resumeRested(db, endpointId, epoch)) return undefined;
    // somebody woke it, and has signalled
    return { state: 'shut', wait: null, dueInMs: askedAgainMs, held, sent: sending.sent() };
  }

  /** It stops here in the middle, and the next drain goes on at once. */
  async function handOn(): Promise<LaneReport> {
    await sending.allEnded();
    const held = await countHeld(db, endpointId, countedHeld);
    const ended = performance.now() >= mayPostFrom;
    await restLane(db, endpointId, epoch, { ...standing.facts(null), state: 'awake', dueInMs: 0, ended, close: false });
    return { state: 'awake', wait: null, dueInMs: 0, held, sent: sending.sent() };
  }

  /** Another drain is the owner: what is under way is recorded, nothing else is done. */
  async function lost(): Promise<LaneReport> {
    log.warn({ endpointId, epoch }, 'lane.lost');
    await sending.allEnded();
    return { state: 'shut', wait: null, dueInMs: askedAgainMs, held: 0, sent: sending.sent() };
  }

  async function remove(): Promise<LaneReport> {
    await sending.allEnded();
    for await (const _ of cancelUnfinished(db, endpointId)) if (stopping.aborted) return handOn();
    await deleteLane(db, endpointId, epoch);
    // what was parked while there was a lane to find
    for await (const _ of cancelUnfinished(db, endpointId)) if (stopping.aborted) break;
    return { state: 'idle', wait: null, dueInMs: null, held: 0, sent: sending.sent() };
  }

  function save(): Promise<boolean> {
    savedAt = performance.now();
    lines.forgetWaits();
    return saveLane(db, endpointId, epoch, standing.facts(null));
  }

  /** What sleeps in backoff is this lane's from now on; some workflows are told, the others find out when they wake. */
  async function takeOverSleepers(): Promise<void> {
    for (let told = 0; !stopping.aborted; ) {
      const taken = await parkSleeping(db, endpointId, pageOfSleepers);
      const toTell = taken.slice(0, Math.max(0, lookAtOnce - told));
      told += toTell.length;
      void Promise.all(toTell.map((delivery) => deps.starter.look(delivery))).catch((error) => log.debug({ err: error }, 'lane.not_told'));
      if (taken.length < pageOfSleepers) return;
    }
  }

  async function onShipped({ gate }: LaneEndpoint, shipped: Shipped, probe: boolean): Promise<void> {
    if (shipped.kind !== 'done') return;
    const { outcome, retryAfterMs } = shipped.result;
    const isOpen = standing.circuit().state === 'open';
    // what was seen before is not to be acted on
    if (outcome === 'gone' || retryAfterMs !== null || isOpen !== probe) stale = true;
    if (outcome !== 'accepted') return judgeFailing(gate);
    if (probe && gate === 'disabled') await recoverFailing(db, endpointId, newId('alt'));
    if (probe && !isOpen) await clearHealth(db, endpointId);
  }

  async function judgeFailing(gate: LaneEndpoint['gate']): Promise<void> {
    const since = standing.failingSinceMs();
    const isTooLong = since !== null && Date.now() - since > deps.disableAfterMs;
    if (!isTooLong && gate === 'open') return;
    standing.disabled(Date.now() + deps.probeDisabledEveryMs);
    stale = true;
    if (gate === 'open' && (await disableFailing(db, endpointId, newId('alt'), since ?? Date.now())))
      log.warn({ endpointId, since }, 'endpoint.disabled');
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

/** What is seen after the commit asks for more than what was committed. */
function contradicts(now: Verdict, rested: Rest, passedMs: number): boolean {
  if (now.kind !== 'rest' || (rested.state === 'shut' && now.state !== 'shut')) return true;
  if (now.dueInMs === null) return now.wait !== rested.wait && rested.state === 'shut';
  return rested.dueInMs === null || now.dueInMs + passedMs < rested.dueInMs - 250;
}
