// The worker role: relay, attempt engine, lane drains, and the Temporal workers with all
// activities.
import { hostname } from 'node:os';
import type { WorkflowBundle } from '@temporalio/worker';
import { type Activities, type ActivityDeps, createActivities, createLaneActivities } from '#activities/index';
import { createChallenge } from '#attempts/challenge';
import { FirstAttempter } from '#attempts/first-attempter';
import { startChores } from '#chores/chores';
import { disableAfterMs, probeDisabledEveryMs } from '#config/config';
import { type Machine, type Sizing, sizingOf, thisMachine } from '#config/sizing';
import { answeredWord } from '#db/listeners/listen-requests';
import { lanesHereWord, nudgedLanes, pumpWord, sweepWord } from '#db/store/listen';
import type { ModeSwitch } from '#domain/events/dispatch-mode';
import { createDrain, type DrainDeps } from '#lanes/drain';
import type { Drain } from '#lanes/drain-types';
import { createDrainWakeups, type DrainWakeups } from '#lanes/drain-wakeups';
import { createDrainsHere, type DrainsHere } from '#lanes/drains-here';
import { createSetGate } from '#lanes/set-gate';
import { createSkipHead } from '#lanes/skip-head';
import type { ToListeners } from '#listen/to-listeners';
import { LanesHere } from '#relay/lanes-here';
import { Relay } from '#relay/relay';
import type { Reached } from '#runtime/checkpoints';
import { thisPlace } from '#runtime/process-facts';
import { within } from '#runtime/within';
import { openLaneWorkflows } from '#temporal/open-lane-workflows';
import { type Alerts, openAlerts } from './alerts.ts';
import { type AttemptParts, openAttemptParts } from './attempt-parts.ts';
import { choresOf } from './chores.ts';
import type { Core } from './core.ts';
import { pollTemporal } from './temporal-worker.ts';

export interface RunningWorker {
  relay: Relay;
  alerts: Alerts;
  /** Resolves when the workers poll Temporal. */
  ready: Promise<void>;
  /** Temporal answers the polls of all workers. */
  isPolling(): boolean;
  /**
   * Takes no new work, finishes and records requests in flight, releases outbox rows. After 35 s it cuts off requests, and
   * after 42 s it gives up and logs what is left.
   */
  stop(): Promise<void>;
}

export interface WorkerOptions {
  /** What this process may use of the machine. Default: all of it. */
  machine?: Machine | undefined;
  /** This and the others: for tests. */
  reached?: Reached | undefined;
  /** Of a dispatch. */
  pageSize?: number | undefined;
  /** The workflow code of another build, and the activities as it calls them. */
  otherBuild?: { workflowBundle: WorkflowBundle; activitiesFrom(ours: Activities): Activities } | undefined;
}

/** Starts at once, even while Temporal is away. Polling begins when Temporal answers. */
export function startWorker(core: Core, publicOrigin: string, options: WorkerOptions = {}): RunningWorker {
  const { machine = thisMachine(), reached, pageSize, otherBuild } = options;
  const sizing = sizingOf(core.config, machine);
  const attempts = openAttemptParts(core, publicOrigin, sizing, reached);
  const wakeups = createDrainWakeups();
  const drains = openDrains(core, attempts, sizing, wakeups);
  const lanesHere = openLanesHere(core, drains.here, attempts.modes);
  const relay = openRelay(core, attempts, sizing, lanesHere, reached);
  attempts.shared.pumpedDue.tell((deliveryId, ms) => relay.pumpIn(deliveryId, ms));
  core.telemetry.watchWorker({ relay: () => relay.status(), load: () => attempts.engine.load(), drainsHere: drains.here.running });
  const passOn = (word: string) => passOnWord(word, { wakeups, relay, lanesHere, listened: attempts.listened });
  const alerts = openAlerts(core, publicOrigin);
  const chores = startChores({ ...core, db: core.shares.lease, reads: core.db, chores: choresOf(core, alerts, reached) });
  const stopListening = core.listener.on('posthorn_outbox', passOn);
  const stopping = new AbortController();
  const ours = openActivities(core, attempts, publicOrigin, { reached, pageSize, stopping: stopping.signal });
  const polling = pollTemporal(core, {
    activities: otherBuild?.activitiesFrom(ours) ?? ours,
    laneActivities: createLaneActivities(drains.ofWorkflows, core.timings, (tenantId) => lanesHere.mayWait(tenantId)),
    sizing,
    workflowBundle: otherBuild?.workflowBundle,
  });
  return {
    relay,
    alerts,
    ready: polling.ready,
    isPolling: polling.isPolling,
    async stop() {
      stopping.abort();
      stopListening();
      await stopInOrder(core, attempts, [relay, drains.here, chores, alerts.watch], polling);
      await within(unwindMs, alerts.close());
    },
  };
}

interface Drains {
  ofWorkflows: Drain;
  here: DrainsHere;
}

/** Each takes only lanes that no other drain owns, so that two never send at once. */
function openDrains(core: Core, { shared }: AttemptParts, { places: limits, lanes }: Sizing, wakeups: DrainWakeups): Drains {
  const { config, shares, starter, timings } = core;
  const notSeenForMs = timings.sweep.laneOverdueAfterMs;
  const deps: DrainDeps = {
    ...shared,
    db: shares.lanes,
    limits,
    starter,
    wakeups,
    maxDrains: lanes,
    disableAfterMs: disableAfterMs(config),
    probeDisabledEveryMs: probeDisabledEveryMs(config),
    timings: timings.lanes,
  };
  const here = createDrain({ ...deps, timings: { ...timings.lanes, lingerMs: 0 }, takeIf: { notSeenForMs, isDue: true } });
  return {
    ofWorkflows: createDrain({ ...deps, takeIf: { notSeenForMs, isDue: false } }),
    here: createDrainsHere(here, lanes, core.log),
  };
}

/** From now on the lanes of this process are woken within its budget. */
function openLanesHere({ db, link, waker, log, timings }: Core, drains: DrainsHere, modes: ModeSwitch): LanesHere {
  const ofTemporal = { isTemporalAway: () => link.trouble() !== null, openLanes: () => openLaneWorkflows(link) };
  const lanesHere = new LanesHere({ db, modes, waker, drains, ...ofTemporal, log, timings });
  waker.wakeWithin(lanesHere);
  return lanesHere;
}

function openRelay(
  core: Core,
  { shared, engine, modes }: AttemptParts,
  { places: limits }: Sizing,
  lanesHere: LanesHere,
  reached?: Reached,
): Relay {
  const { config, db, shares, link, starter, waker, parking, contents, log, timings, telemetry } = core;
  return new Relay({
    db,
    lease: shares.lease,
    reads: shares.attempts,
    starter,
    temporalTrouble: () => link.trouble(),
    waker,
    parking,
    contents,
    watch: shared.laneWatch,
    lanesHere,
    log,
    processName: `${hostname()} ${process.pid}`,
    place: thisPlace(),
    reserved: shared.reserved,
    dispatch: config.POSTHORN_DISPATCH,
    modes,
    dispatchesPerSecond: config.POSTHORN_DISPATCHES_PER_SECOND,
    openFirstAttempter: () => new FirstAttempter({ ...shared, park: parking.park }),
    pump: { ...shared, db: shares.attempts, engine, limits, metrics: telemetry.pump },
    timings,
    metrics: telemetry.dispatches,
    tracing: core.tracing,
    reached,
  });
}

function openActivities(
  core: Core,
  attempts: AttemptParts,
  publicOrigin: string,
  more: Pick<ActivityDeps, 'reached' | 'pageSize' | 'stopping'>,
): Activities {
  const { config, db, shares, contents, starter, waker, giveCommand, timings, vault } = core;
  const { engine, shared, authenticated, modes } = attempts;
  return createActivities({
    db: shares.attempts,
    flow: db,
    contents,
    engine,
    starter,
    waker,
    giveCommand,
    setGate: createSetGate({ db, lanes: waker }),
    skipHead: createSkipHead({ db, lanes: waker }),
    places: shared.slots,
    challenge: createChallenge({ db: shares.attempts, vault, sender: authenticated, publicOrigin }),
    disableAfterMs: disableAfterMs(config),
    modes,
    timings,
    ...more,
    isTraced: core.tracing !== undefined,
  });
}

interface Listeners {
  wakeups: DrainWakeups;
  relay: Relay;
  lanesHere: LanesHere;
  listened: Pick<ToListeners, 'answered'>;
}

/** Passes a notification of PostgreSQL on: to lane drains, or to the relay. */
function passOnWord(word: string, { wakeups, relay, lanesHere, listened }: Listeners): void {
  const lanes = nudgedLanes(word);
  if (lanes) wakeups.wake(lanes);
  else if (word.startsWith(answeredWord)) listened.answered(word.slice(answeredWord.length));
  else if (word === sweepWord) relay.sweepSoon();
  else if (word === pumpWord) relay.pumpSoon();
  else if (word === lanesHereWord) lanesHere.lookForAWhile();
  else relay.look();
}

/** Ends what takes new work, then waits for the requests in flight, then closes what they use. */
async function stopInOrder(core: Core, attempts: AttemptParts, takers: Stoppable[], polling: Stoppable): Promise<void> {
  const { engine, shared, sender } = attempts;
  const { graceMs, forceMs } = core.timings.shutdown;
  const deadline = performance.now() + graceMs;
  // what is in flight for so long counts as an internal error: it uses up no attempt, and another process sends it again
  const cut = setTimeout(() => {
    if (engine.load().inFlight > 0) core.log.error(engine.load(), 'worker.cut_off_requests');
    sender.cut();
  }, graceMs);
  // while PostgreSQL is away a relay cannot end, because its outcomes wait to be recorded
  const stopped = takers.map((taker) => within(graceMs + unwindMs, taker.stop()));
  // and with a Temporal that is silent a worker cannot be made, and so cannot end
  await Promise.all([...stopped, within(forceMs + unwindMs, polling.stop())]);
  const isIdle = await engine.drain(deadline + unwindMs - performance.now());
  clearTimeout(cut);
  if (!isIdle) core.log.error(engine.load(), 'worker.stopped_with_attempts_unrecorded');
  await within(unwindMs, Promise.all([shared.laneWatch.stop(), sender.close()]));
}

/** What is cut off ends in this time. */
const unwindMs = 500;

interface Stoppable {
  stop(): Promise<void>;
}
