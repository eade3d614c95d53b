// The worker role: a relay, the engine, and a Temporal worker with all workflows and activities.
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { DefaultLogger, type NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from './activities/index.ts';
import type { SetGate } from './activities/set-gate.ts';
import { createEngine } from './attempts/engine.ts';
import { createFirstAttempter, type InHand } from './attempts/first-attempter.ts';
import { createPlaces, defaultPlaceLimits } from './attempts/places.ts';
import { createPoster } from './attempts/poster.ts';
import { createRecorder } from './attempts/recorder.ts';
import type { Reached } from './checkpoints.ts';
import type { Core } from './core.ts';
import { pauseEndpoint, resumeEndpoint } from './db/gates.ts';
import { listen, sweepWord } from './db/listen.ts';
import type { Logger } from './logger.ts';
import { createAddressGuard } from './outbound/address-guard.ts';
import { createSender } from './outbound/send.ts';
import { version } from './package.ts';
import { createRelay, type Relay } from './relay/relay.ts';
import { ensureOperator, ensureSchedules, ensureSearchAttributes } from './temporal/prepare.ts';
import { loadWorkflowBundle } from './workflow-bundle.ts';
import { taskQueue } from './workflows/contract.ts';

const lookAfterMs = 60_000;
/** After a look in vain. */
const lookAgainMs = 5_000;
const failedPauseMs = 1_000;
/** The longest request of an endpoint is 30 s. */
const graceMs = 35_000;

export interface RunningWorker {
  relay: Relay;
  /** Polls Temporal: workflows and activities are being worked on. */
  ready: Promise<void>;
  /** Takes nothing new, finishes and records what is in flight, gives outbox rows back. */
  stop(): Promise<void>;
}

/** Starts at once also while Temporal is away; its part begins when it is there. */
export function startWorker(core: Core, publicOrigin: string, reached?: Reached): RunningWorker {
  const { config, db, log, starter, vault, giveOrder } = core;
  const guard = createAddressGuard({ allowCidrs: config.POSTHORN_ALLOW_CIDRS, ownOrigin: publicOrigin });
  const limits = defaultPlaceLimits;
  // the endpoints of many tenants may share an origin: what one of them may have in flight is bounded by its places, not by connections
  const sender = createSender({ guard, userAgent: `Posthorn/${version}`, maxConnectionsPerOrigin: limits.process });
  const places = createPlaces(limits);
  const recorder = createRecorder(db, log);
  const poster = createPoster({ db, vault, sender, log, defaultRetry: config.POSTHORN_RETRY_SCHEDULE, reached });
  const inHand: InHand = new Map();
  const engine = createEngine({ db, poster, recorder, places, limits, log, inHand });
  const relay = createRelay({
    db,
    starter,
    log,
    processName: `${hostname()} ${process.pid}`,
    dispatch: config.POSTHORN_DISPATCH,
    dispatchesPerSecond: config.POSTHORN_DISPATCHES_PER_SECOND,
    openFirstAttempter: () => createFirstAttempter({ places, poster, recorder, log, inHand }),
    reached,
  });
  const stopListening = listen(db, 'posthorn_outbox', (word) => (word === sweepWord ? relay.sweepSoon() : relay.look()), log);
  const setGate: SetGate = async (endpointId, gate) => {
    if (gate === 'pause') return pauseEndpoint(db, endpointId);
    const released = await resumeEndpoint(db, endpointId);
    relay.sweepSoon();
    return released !== null;
  };
  const activities = createActivities({ db, engine, starter, giveOrder, setGate, reached });
  const polling = pollTemporal(core, activities);

  return {
    relay,
    ready: polling.ready,
    async stop() {
      stopListening();
      await relay.stop();
      await polling.stop();
      if (!(await engine.drain(graceMs))) log.error(engine.load(), 'worker.stopped_with_attempts_unrecorded');
      await sender.close();
    },
  };
}

function pollTemporal(
  { config, link, log }: Core,
  activities: ReturnType<typeof createActivities>,
): { ready: Promise<void>; stop(): Promise<void> } {
  const stopping = new AbortController();
  let worker: Worker | undefined;

  /** Until asked to stop; a worker that fails - Temporal does not know our namespace for a while, say - is followed by another. */
  async function poll(begun: () => void): Promise<void> {
    const connection = await link.connected;
    if (!connection) return;
    void lookAfter();
    while (!stopping.signal.aborted) {
      await untilDone('search attributes', () => ensureSearchAttributes(link, config, log));
      const opened = await untilDone('worker', () => createWorker(connection, config.TEMPORAL_NAMESPACE, activities));
      if (!opened) return;
      worker = opened;
      const running = opened.run();
      if (stopping.signal.aborted) opened.shutdown();
      begun();
      await running.catch((error) => log.error({ err: error }, 'worker.failed'));
      await pause(failedPauseMs);
    }
  }

  /** Search attributes, operator and Schedules are there, and are there again when Temporal has lost its data. */
  async function lookAfter(): Promise<void> {
    while (!stopping.signal.aborted) {
      const done = await lookOnce().catch((error) => log.warn({ err: error }, 'temporal.not_prepared'));
      await pause(done ? lookAfterMs : lookAgainMs);
    }
  }

  async function lookOnce(): Promise<true> {
    await ensureSearchAttributes(link, config, log);
    await ensureOperator(link);
    await ensureSchedules(link);
    return true;
  }

  async function untilDone<T>(what: string, run: () => Promise<T>): Promise<T | undefined> {
    while (!stopping.signal.aborted) {
      try {
        return await run();
      } catch (error) {
        log.warn({ err: error, what }, 'temporal.not_ready');
        await pause(failedPauseMs);
      }
    }
    return undefined;
  }

  async function pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: stopping.signal }).catch(() => undefined);
  }

  let polling: Promise<void> | undefined;
  const ready = new Promise<void>((resolve, reject) => {
    polling = poll(resolve).then(resolve, reject);
  });
  return {
    ready,
    async stop() {
      stopping.abort();
      if (worker?.getState() === 'RUNNING') worker.shutdown();
      else await link.close();
      await polling;
    },
  };
}

async function createWorker(
  connection: NativeConnection,
  namespace: string,
  activities: ReturnType<typeof createActivities>,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: await loadWorkflowBundle(),
    activities,
    maxConcurrentActivityTaskExecutions: defaultPlaceLimits.process,
    maxConcurrentLocalActivityExecutions: 20,
    maxConcurrentWorkflowTaskExecutions: 40,
    maxCachedWorkflows: 1_000,
    // by default one in 4 s is sent of those that must come every 5 s: a second of bad luck would repeat a POST
    maxHeartbeatThrottleInterval: 1_000,
    workflowTaskPollerBehavior: { type: 'autoscaling' },
    activityTaskPollerBehavior: { type: 'autoscaling' },
    shutdownGraceTime: graceMs,
    shutdownForceTime: graceMs + 10_000,
  });
}

/** Temporal's own log into ours, and its signal handling off: the composition root stops everything in order. Once per process. */
export function installRuntime(log: Logger): void {
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      const line = { ...meta, level: undefined };
      if (level === 'ERROR') log.error(line, message);
      else log.warn(line, message);
    }),
  });
}
