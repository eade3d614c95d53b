// The Temporal workers of a process: one for workflows and their activities, one for drains of
// lanes. They poll from when Temporal answers until `stop`. A task also checks every minute that
// search attributes, operator and Schedules exist in Temporal, and creates those that are missing.
import { setFlagsFromString } from 'node:v8';
import {
  type NativeConnection,
  Worker,
  type WorkerDeploymentOptions,
  type WorkerInterceptors,
  type WorkflowBundle,
} from '@temporalio/worker';
import type { Activities, LaneActivities } from '#activities/index';
import { onlyOwnStore } from '#activities/own-store';
import type { Sizing } from '#config/sizing';
import { type TemporalNames, workflowTypes } from '#contract/workflow-contract';
import { type Timings, usualTimings } from '#domain/timings';
import type { Logger } from '#runtime/logger';
import { pause } from '#runtime/pause';
import { type DescribeDeployment, deploymentOf, deploymentTrouble } from '#temporal/deployment';
import { type Poller, pollWatch } from '#temporal/poll-watch';
import { ensureOperator, ensureSchedules, ensureSearchAttributes } from '#temporal/prepare';
import type { Tracing } from '#tracing/tracing';
import type { Core } from './core.ts';
import { loadWorkflowBundle } from './workflow-bundle.ts';

const checkEveryMs = 60_000;
/** After a failed check. */
const retryMs = 5_000;
const failedPauseMs = 1_000;
/**
 * Each drain takes one poll and lasts long, so few pollers are enough, and they cost nothing while no lane has work.
 */
const lanePollers = { type: 'autoscaling', minimum: 1, initial: 1, maximum: 8 } as const;

/**
 * A workflow whose history does not fit this code, after an upgrade or a rollback, fails instead of retrying its task for
 * ever. Its row is then found overdue, and the sweep starts it again. Not only the commands of a history may not fit, but
 * also the results in it, which shows as a TypeError; so any error counts. The operator is left out: only its history holds
 * the commands it has not obeyed yet, so it waits for code that fits.
 */
const startsAnew: (keyof typeof workflowTypes)[] = ['dispatch', 'deliver', 'lane', 'upkeep', 'verify', 'rotateKey'];
const failureTypes = {
  '*': [],
  ...Object.fromEntries(startsAnew.map((one) => [workflowTypes[one], ['Error']])),
};

export interface Work {
  activities: Activities;
  laneActivities: LaneActivities;
  sizing: Sizing;
  /** Default: the workflow code of this build. */
  workflowBundle?: WorkflowBundle | undefined;
}

/** `verifications`: without it, endpoint verifications are not looked after. */
type PollingCore = Pick<Core, 'config' | 'link' | 'log'> & Partial<Pick<Core, 'verifications' | 'timings' | 'store' | 'tracing'>>;

export interface Polling {
  /** Resolves when all workers poll. */
  ready: Promise<void>;
  /** All workers run, and Temporal answers their polls (src/domain/poll-health.ts). */
  isPolling(): boolean;
  stop(): Promise<void>;
}

/** Returns at once, even while Temporal is away. */
export function pollTemporal(core: PollingCore, work: Work): Polling {
  const workers = new TemporalWorkers(core, work);
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  const polling = workers.poll(resolve).then(resolve, reject);
  return {
    ready,
    isPolling: () => workers.isPolling(),
    async stop() {
      await workers.stop();
      await polling;
    },
  };
}

/**
 * Keeps one worker of each task queue running. If a worker cannot be created or fails, for example because Temporal
 * does not know the namespace yet, a new one is created after a pause, until `stop`.
 */
class TemporalWorkers {
  readonly #core: PollingCore;
  readonly #work: Work;
  readonly #stopping = new AbortController();
  readonly #workers = new Set<Worker>();

  constructor(core: PollingCore, work: Work) {
    this.#core = core;
    this.#work = work;
  }

  /** Resolves after `stop`. `begun` is called when the workers of all queues poll. */
  async poll(begun: () => void): Promise<void> {
    const { config, link, log, store, tracing, timings = usualTimings } = this.#core;
    const connection = await link.connected;
    if (!connection) return;
    const ofStore = store === undefined ? [] : [onlyOwnStore(store, tellOfOther(log))];
    const interceptors = { activity: [...(tracing ? [tracing.activity] : []), ...ofStore] };
    const sinks = tracing?.sinks;
    const deployment = deploymentOf(config);
    const at = { connection, namespace: config.TEMPORAL_NAMESPACE, names: link.names, timings, interceptors, sinks, deployment };
    link.onReplaced((next) => {
      at.connection = next;
      for (const worker of this.#workers) moveTo(worker, next, log);
    });
    void keepPrepared(this.#core, this.#stopping.signal);
    // the connection may have been replaced while the worker was made
    const moved = (worker: Worker) => moveTo(worker, at.connection, log);
    const creates = [() => createWorker(at, this.#work).then(moved), () => createLaneWorker(at, this.#work).then(moved)];
    const polling = new Set<unknown>();
    const runs = creates.map((create) => this.#keepRunning(create, () => polling.add(create).size === creates.length && begun()));
    await Promise.all(runs);
  }

  isPolling(): boolean {
    const queues = this.#running().map(({ options }) => options.taskQueue);
    return this.#pollers().every((poller) => queues.includes(poller.taskQueue) && pollWatch.isPolling(poller));
  }

  /** Begins the shutdown of the workers; `poll` resolves at its end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const running = this.#running();
    for (const worker of running) worker.shutdown();
    if (running.length === 0) await this.#core.link.close();
  }

  #running(): Worker[] {
    return [...this.#workers].filter((worker) => worker.getState() === 'RUNNING');
  }

  /** What the two workers poll for. */
  #pollers(): Poller[] {
    const { config, link } = this.#core;
    const { taskQueue, laneTaskQueue } = link.names;
    const namespace = config.TEMPORAL_NAMESPACE;
    return [
      { namespace, taskQueue, kind: 'workflow' },
      { namespace, taskQueue, kind: 'activity' },
      { namespace, taskQueue: laneTaskQueue, kind: 'activity' },
    ];
  }

  async #keepRunning(create: () => Promise<Worker>, begun: () => void): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const worker = await this.#created(create);
      if (!worker) return;
      this.#workers.add(worker);
      const running = worker.run();
      if (signal.aborted) worker.shutdown();
      begun();
      await running.catch((error) => this.#core.log.error({ err: error }, 'worker.failed'));
      this.#workers.delete(worker);
      for (const poller of this.#pollers()) if (poller.taskQueue === worker.options.taskQueue) pollWatch.forget(poller);
      await pause(failedPauseMs, signal);
    }
  }

  /** Undefined after `stop`. */
  async #created(create: () => Promise<Worker>): Promise<Worker | undefined> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        return await create();
      } catch (error) {
        this.#core.log.warn({ err: error, what: 'worker' }, 'temporal.not_ready');
        await pause(failedPauseMs, signal);
      }
    }
    return undefined;
  }
}

function moveTo(worker: Worker, connection: NativeConnection, log: Logger): Worker {
  try {
    worker.connection = connection;
  } catch (error) {
    // a worker that has ended: the next one is made with the new connection
    log.debug({ err: error }, 'temporal.worker_not_moved');
  }
  return worker;
}

/**
 * Keeps search attributes, operator, Schedules and endpoint verifications in place, even after Temporal has lost its
 * data.
 */
async function keepPrepared({ config, link, log, store = '', verifications }: PollingCore, stopping: AbortSignal): Promise<void> {
  let schedulesUpdated = false;
  const describe: DescribeDeployment = (request) =>
    link.call((client) => client.connection.workflowService.describeWorkerDeployment(request));
  let toldTrouble: string | null = null;
  while (!stopping.aborted) {
    try {
      await ensureSearchAttributes(link, config, log);
      const trouble = await deploymentTrouble(describe, config);
      if (trouble && trouble !== toldTrouble) log.error({ trouble }, 'temporal.version_without_work');
      toldTrouble = trouble ?? null;
      await ensureOperator(link, store, log);
      await ensureSchedules(link, { update: !schedulesUpdated });
      schedulesUpdated = true;
      await verifications?.beginLeft();
      await pause(trouble === undefined ? retryMs : checkEveryMs, stopping);
    } catch (error) {
      log.warn({ err: error }, 'temporal.not_prepared');
      await pause(retryMs, stopping);
    }
  }
}

interface At {
  connection: NativeConnection;
  namespace: string;
  names: TemporalNames;
  timings: Timings;
  /** Undefined: the workers have no version. */
  deployment: WorkerDeploymentOptions | undefined;
  interceptors: WorkerInterceptors;
  /** With traces only, whose workflows report their spans there. */
  sinks: Tracing['sinks'] | undefined;
}

/** Logs, once a minute at most, that this worker gets tasks of another store. */
function tellOfOther(log: Logger): (other: string) => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return (otherStore) => {
    if (performance.now() - toldAt < checkEveryMs) return;
    toldAt = performance.now();
    log.error({ otherStore }, 'temporal.tasks_of_another_store');
  };
}

async function createWorker(
  { timings: { heartbeat, shutdown, temporal }, names, deployment, ...at }: At,
  { activities, sizing, workflowBundle }: Work,
): Promise<Worker> {
  // applies to threads started from now on, such as the workflow thread (src/config/sizing.ts)
  setFlagsFromString(`--max-semi-space-size=${sizing.workflowSemiSpaceMiB}`);
  return Worker.create({
    ...at,
    taskQueue: names.taskQueue,
    ...(deployment && { workerDeploymentOptions: deployment }),
    workflowBundle: workflowBundle ?? (await loadWorkflowBundle(at.sinks !== undefined)),
    workflowFailureErrorTypes: failureTypes,
    activities,
    maxConcurrentActivityTaskExecutions: sizing.activities,
    maxConcurrentLocalActivityExecutions: sizing.localActivities,
    maxConcurrentWorkflowTaskExecutions: sizing.workflowTasks,
    maxCachedWorkflows: sizing.cachedWorkflows,
    maxHeartbeatThrottleInterval: heartbeat.throttleMs,
    stickyQueueScheduleToStartTimeout: temporal.stickyTimeoutMs,
    workflowTaskPollerBehavior: { type: 'autoscaling' },
    activityTaskPollerBehavior: { type: 'autoscaling' },
    shutdownGraceTime: shutdown.graceMs,
    shutdownForceTime: shutdown.forceMs,
  });
}

/** A separate worker, so that drains, which may last minutes, and attempts never take each other's slots. */
async function createLaneWorker(
  { timings: { heartbeat, shutdown }, names, deployment, ...at }: At,
  { laneActivities, sizing }: Work,
): Promise<Worker> {
  return Worker.create({
    ...at,
    taskQueue: names.laneTaskQueue,
    ...(deployment && { workerDeploymentOptions: deployment }),
    activities: laneActivities,
    maxConcurrentActivityTaskExecutions: sizing.lanes,
    maxHeartbeatThrottleInterval: heartbeat.throttleMs,
    activityTaskPollerBehavior: lanePollers,
    // a drain is told of the shutdown at once: it sends nothing more, and has the full time to record requests in
    // flight
    shutdownGraceTime: 0,
    shutdownForceTime: shutdown.forceMs,
  });
}
