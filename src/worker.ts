// The worker role: a relay, the engine, and a Temporal worker with all workflows and activities.
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { createActivities, createLaneActivities } from './activities/index.ts';
import { createChallenge } from './attempts/challenge.ts';
import { createEngine } from './attempts/engine.ts';
import { createFirstAttempter, type InHand } from './attempts/first-attempter.ts';
import { createLaneWatch } from './attempts/lane-watch.ts';
import { createPlaces } from './attempts/places.ts';
import { createPoster } from './attempts/poster.ts';
import { createRecorder } from './attempts/recorder.ts';
import { createStallWatch } from './attempts/stall-watch.ts';
import { createToLane } from './attempts/to-lane.ts';
import type { Reached } from './checkpoints.ts';
import { disableAfterMs, probeDisabledEveryMs } from './config.ts';
import type { Core } from './core.ts';
import { listen, nudgedLanes, sweepWord } from './db/listen.ts';
import { openEgress } from './egress.ts';
import { createDrain } from './lanes/drain.ts';
import { createDrainsHere } from './lanes/drains-here.ts';
import { createNudges } from './lanes/nudges.ts';
import { createSetGate } from './lanes/set-gate.ts';
import { createSkipHead } from './lanes/skip-head.ts';
import type { Logger } from './logger.ts';
import { createAddressGuard } from './outbound/address-guard.ts';
import { authenticating } from './outbound/authenticating.ts';
import { createSender } from './outbound/send.ts';
import { version } from './package.ts';
import { createRelay, type Relay } from './relay/relay.ts';
import { sizingOf, thisMachine } from './sizing.ts';
import { graceMs, pollTemporal } from './temporal-worker.ts';

export interface RunningWorker {
  relay: Relay;
  /** Polls Temporal: workflows and activities are being worked on. */
  ready: Promise<void>;
  /** Takes nothing new, finishes and records what is in flight, gives outbox rows back; what 35 s are not enough for is left, and said in the log. */
  stop(): Promise<void>;
}

/** Starts at once also while Temporal is away; its part begins when it is there. */
export function startWorker(core: Core, publicOrigin: string, reached?: Reached): RunningWorker {
  const { config, db, shares, log, starter, waker, parking, vault, contents, giveOrder, telemetry } = core;
  const guard = createAddressGuard({ allowCidrs: config.POSTHORN_ALLOW_CIDRS, ownOrigin: publicOrigin });
  const sizing = sizingOf(config, thisMachine());
  const limits = sizing.places;
  // the endpoints of many tenants may share an origin: what one of them may have in flight is bounded by its places, not by connections
  const egress = openEgress(config, publicOrigin);
  const sender = createSender({ guard, userAgent: `Posthorn/${version}`, maxConnectionsPerOrigin: limits.process, ...egress });
  const authenticated = authenticating(sender);
  const places = createPlaces(limits);
  const recorder = createRecorder(shares.recording, contents, log);
  const poster = createPoster({
    db: shares.attempts,
    vault,
    sender: authenticated,
    contents,
    log,
    defaultRetry: config.POSTHORN_RETRY_SCHEDULE,
    metrics: telemetry.attempts,
    reached,
  });
  const inHand: InHand = new Map();
  const watch = createStallWatch();
  const lanes = createLaneWatch({ db: shares.attempts, lease: shares.lease, waker, log, disableAfterMs: disableAfterMs(config) });
  const toLane = createToLane({ db: shares.attempts, lanes, tellLanes: parking.tell });
  const engine = createEngine({ db: shares.attempts, poster, recorder, places, limits, log, lanes, toLane, inHand, watch });
  const nudges = createNudges();
  const drain = createDrain({
    db: shares.lanes,
    poster,
    recorder,
    watch,
    log,
    places,
    limits,
    isInHand: (deliveryId) => inHand.has(deliveryId),
    starter,
    nudges,
    slots: sizing.lanes,
    disableAfterMs: disableAfterMs(config),
    probeDisabledEveryMs: probeDisabledEveryMs(config),
  });
  const drainsHere = createDrainsHere(drain, sizing.lanes, log);
  const relay = createRelay({
    db,
    lease: shares.lease,
    reads: shares.attempts,
    starter,
    waker,
    parking,
    watch: lanes,
    drainHere: drainsHere.begin,
    log,
    processName: `${hostname()} ${process.pid}`,
    dispatch: config.POSTHORN_DISPATCH,
    dispatchesPerSecond: config.POSTHORN_DISPATCHES_PER_SECOND,
    openFirstAttempter: () => createFirstAttempter({ places, poster, recorder, lanes, park: parking.park, log, inHand, watch }),
    metrics: telemetry.dispatches,
    reached,
  });
  telemetry.watchWorker({ relay: relay.status, load: engine.load });
  const stopListening = listen(shares.lease, 'posthorn_outbox', hear, log);

  function hear(word: string): void {
    const lanes = nudgedLanes(word);
    if (lanes) nudges.nudge(lanes);
    else if (word === sweepWord) relay.sweepSoon();
    else relay.look();
  }

  const setGate = createSetGate({ db, lanes: waker });
  const skipHead = createSkipHead({ db, lanes: waker });
  const activities = createActivities({
    db: shares.attempts,
    engine,
    starter,
    waker,
    giveOrder,
    setGate,
    skipHead,
    places,
    challenge: createChallenge({ db: shares.attempts, vault, sender: authenticated, publicOrigin }),
    disableAfterMs: disableAfterMs(config),
    reached,
  });
  const polling = pollTemporal(core, { activities, laneActivities: createLaneActivities(drain), sizing });

  return {
    relay,
    ready: polling.ready,
    async stop() {
      stopListening();
      const deadline = performance.now() + graceMs;
      // while PostgreSQL is away a relay cannot end: its outcomes wait to be recorded
      await Promise.all([within(graceMs, relay.stop()), within(graceMs, drainsHere.stop()), polling.stop()]);
      if (!(await engine.drain(deadline - performance.now()))) log.error(engine.load(), 'worker.stopped_with_attempts_unrecorded');
      await lanes.stop();
      await sender.close();
    },
  };
}

/** Waits no longer than `ms` for what goes on behind its back then. */
async function within(ms: number, done: Promise<void>): Promise<void> {
  const enough = new AbortController();
  await Promise.race([done.finally(() => enough.abort()), delay(ms, undefined, { signal: enough.signal }).catch(() => undefined)]);
}

/** Temporal's own log into ours, and its signal handling off: the composition root stops everything in order. Once per process. */
export function installRuntime(log: Logger): void {
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      // the worker of lanes has none on purpose
      if (message.startsWith('No workflows registered')) return;
      const line = { ...meta, level: undefined };
      if (level === 'ERROR') log.error(line, message);
      else log.warn(line, message);
    }),
  });
}
