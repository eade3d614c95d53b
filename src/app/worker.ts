// The worker role: relay, attempt engine, lane drains, and the Temporal workers with all
// activities.
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { createActivities, createLaneActivities } from '#activities/index';
import { createChallenge } from '#attempts/challenge';
import { Engine } from '#attempts/engine';
import { FirstAttempter, type FirstAttemptsInFlight } from '#attempts/first-attempter';
import { LaneWatch } from '#attempts/lane-watch';
import { createParkDelivery } from '#attempts/park-delivery';
import { createPoster } from '#attempts/poster';
import { Recorder } from '#attempts/recorder';
import { createSlots } from '#attempts/slots';
import { createStallWatch } from '#attempts/stall-watch';
import { disableAfterMs, probeDisabledEveryMs } from '#config/config';
import { version } from '#config/package';
import { sizingOf, thisMachine } from '#config/sizing';
import { listen, nudgedLanes, sweepWord } from '#db/store/listen';
import { createDrain } from '#lanes/drain';
import { createDrainWakeups } from '#lanes/drain-wakeups';
import { createDrainsHere } from '#lanes/drains-here';
import { createSetGate } from '#lanes/set-gate';
import { createSkipHead } from '#lanes/skip-head';
import { createAddressGuard } from '#outbound/address-guard';
import { authenticating } from '#outbound/authenticating';
import { createSender } from '#outbound/send';
import { Relay } from '#relay/relay';
import type { Reached } from '#runtime/checkpoints';
import type { Logger } from '#runtime/logger';
import type { Core } from './core.ts';
import { openOutboundConfig } from './outbound-config.ts';
import { pollTemporal } from './temporal-worker.ts';

export interface RunningWorker {
  relay: Relay;
  /** Resolves when the workers poll Temporal. */
  ready: Promise<void>;
  /**
   * Takes no new work, finishes and records requests in flight, releases outbox rows. After 35 s it gives up and logs
   * what is left.
   */
  stop(): Promise<void>;
}

/** Starts at once, even while Temporal is away. Polling begins when Temporal answers. `pageSize`: of a dispatch. */
export function startWorker(core: Core, publicOrigin: string, reached?: Reached, pageSize?: number): RunningWorker {
  const { config, db, shares, log, starter, waker, parking, vault, contents, giveOrder, telemetry, timings } = core;
  const { graceMs } = timings.shutdown;
  const guard = createAddressGuard({ allowCidrs: config.POSTHORN_ALLOW_CIDRS, ownOrigin: publicOrigin });
  const sizing = sizingOf(config, thisMachine());
  const limits = sizing.places;
  // endpoints of many tenants may share an origin, so requests in flight are limited by slots and not by connections
  const egress = openOutboundConfig(config, publicOrigin);
  const sender = createSender({ guard, userAgent: `Posthorn/${version}`, maxConnectionsPerOrigin: limits.process, ...egress });
  const authenticated = authenticating(sender);
  const slots = createSlots(limits);
  const recorder = new Recorder(shares.recording, contents, log);
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
  const firstInFlight: FirstAttemptsInFlight = new Map();
  const stallWatch = createStallWatch(timings.stall);
  const laneWatch = new LaneWatch({
    db: shares.attempts,
    lease: shares.lease,
    waker,
    log,
    disableAfterMs: disableAfterMs(config),
    timings: timings.lanes,
  });
  const attempting = { poster, recorder, stallWatch, laneWatch, slots, log, firstInFlight };
  const parkDelivery = createParkDelivery({ db: shares.attempts, lanes: laneWatch, tellLanes: parking.tell });
  const engine = new Engine({ ...attempting, db: shares.attempts, limits, parkDelivery });
  const wakeups = createDrainWakeups();
  const drain = createDrain({
    ...attempting,
    db: shares.lanes,
    limits,
    starter,
    wakeups,
    maxDrains: sizing.lanes,
    disableAfterMs: disableAfterMs(config),
    probeDisabledEveryMs: probeDisabledEveryMs(config),
    timings: timings.lanes,
  });
  const drainsHere = createDrainsHere(drain, sizing.lanes, log);
  const relay = new Relay({
    db,
    lease: shares.lease,
    reads: shares.attempts,
    starter,
    waker,
    parking,
    watch: laneWatch,
    drainHere: drainsHere.begin,
    log,
    processName: `${hostname()} ${process.pid}`,
    dispatch: config.POSTHORN_DISPATCH,
    dispatchesPerSecond: config.POSTHORN_DISPATCHES_PER_SECOND,
    openFirstAttempter: () => new FirstAttempter({ ...attempting, park: parking.park }),
    timings,
    metrics: telemetry.dispatches,
    reached,
  });
  telemetry.watchWorker({ relay: () => relay.status(), load: () => engine.load() });
  const stopListening = listen(shares.lease, 'posthorn_outbox', onNotification, log);

  function onNotification(word: string): void {
    const lanes = nudgedLanes(word);
    if (lanes) wakeups.wake(lanes);
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
    places: slots,
    challenge: createChallenge({ db: shares.attempts, vault, sender: authenticated, publicOrigin }),
    disableAfterMs: disableAfterMs(config),
    timings,
    reached,
    pageSize,
  });
  const polling = pollTemporal(core, { activities, laneActivities: createLaneActivities(drain, timings), sizing });

  return {
    relay,
    ready: polling.ready,
    async stop() {
      stopListening();
      const deadline = performance.now() + graceMs;
      // while PostgreSQL is away a relay cannot end, because its outcomes wait to be recorded
      await Promise.all([within(graceMs, relay.stop()), within(graceMs, drainsHere.stop()), polling.stop()]);
      if (!(await engine.drain(deadline - performance.now()))) log.error(engine.load(), 'worker.stopped_with_attempts_unrecorded');
      await laneWatch.stop();
      await sender.close();
    },
  };
}

/** Waits at most `ms` for `done`, which then continues in the background. */
async function within(ms: number, done: Promise<void>): Promise<void> {
  const enough = new AbortController();
  await Promise.race([done.finally(() => enough.abort()), delay(ms, undefined, { signal: enough.signal }).catch(() => undefined)]);
}

/**
 * Sends the SDK's log to ours and turns off its signal handling, because `start` stops everything in order. Call once
 * per process.
 */
export function installRuntime(log: Logger): void {
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      // the lane worker has no workflows on purpose
      if (message.startsWith('No workflows registered')) return;
      const line = { ...meta, level: undefined };
      if (level === 'ERROR') log.error(line, message);
      else log.warn(line, message);
    }),
  });
}
