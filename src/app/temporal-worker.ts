// The Temporal workers of a process: one for workflows and their activities, one for drains of
// lanes. They poll from when Temporal answers until `stop`. A task also checks every minute that
// search attributes, operator and Schedules exist in Temporal, and creates those that are missing.
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { type NativeConnection, Worker } from '@temporalio/worker';
import type { Activities, LaneActivities } from '#activities/index';
import type { Sizing } from '#config/sizing';
import { laneTaskQueue, taskQueue } from '#contract/workflow-contract';
import { type Timings, usualTimings } from '#domain/timings';
import { ensureOperator, ensureSchedules, ensureSearchAttributes } from '#temporal/prepare';
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

export interface Work {
  activities: Activities;
  laneActivities: LaneActivities;
  sizing: Sizing;
}

/** `ready` resolves when all workers poll. Returns at once, even while Temporal is away. */
export function pollTemporal(
  {
    config,
    link,
    log,
    verifications,
    timings = usualTimings,
  }: Pick<Core, 'config' | 'link' | 'log'> & Partial<Pick<Core, 'verifications' | 'timings'>>,
  work: Work,
): { ready: Promise<void>; stop(): Promise<void> } {
  const stopping = new AbortController();
  const workers = new Set<Worker>();
  let schedulesUpdated = false;

  async function poll(begun: () => void): Promise<void> {
    const connection = await link.connected;
    if (!connection) return;
    void keepPrepared();
    const of = { connection, namespace: config.TEMPORAL_NAMESPACE, timings };
    const first = () => ensureSearchAttributes(link, config, log).then(() => createWorker(of, work));
    const creates = [first, () => createLaneWorker(of, work)];
    const polling = new Set<unknown>();
    await Promise.all(creates.map((create) => keep(create, () => polling.add(create).size === creates.length && begun())));
  }

  /**
   * Runs a worker until `stop`. If it fails, for example because Temporal does not know the namespace yet, a new one is
   * created.
   */
  async function keep(create: () => Promise<Worker>, begun: () => void): Promise<void> {
    while (!stopping.signal.aborted) {
      const opened = await untilDone('worker', create);
      if (!opened) return;
      workers.add(opened);
      const running = opened.run();
      if (stopping.signal.aborted) opened.shutdown();
      begun();
      await running.catch((error) => log.error({ err: error }, 'worker.failed'));
      workers.delete(opened);
      await pause(failedPauseMs);
    }
  }

  /**
   * Keeps search attributes, operator, Schedules and endpoint verifications in place, even after Temporal has lost its
   * data.
   */
  async function keepPrepared(): Promise<void> {
    while (!stopping.signal.aborted) {
      const done = await prepareOnce().catch((error) => log.warn({ err: error }, 'temporal.not_prepared'));
      await pause(done ? checkEveryMs : retryMs);
    }
  }

  async function prepareOnce(): Promise<true> {
    await ensureSearchAttributes(link, config, log);
    await ensureOperator(link);
    await ensureSchedules(link, { update: !schedulesUpdated });
    schedulesUpdated = true;
    await verifications?.beginLeft();
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
      const running = [...workers].filter((worker) => worker.getState() === 'RUNNING');
      for (const worker of running) worker.shutdown();
      if (running.length === 0) await link.close();
      await polling;
    },
  };
}

interface At {
  connection: NativeConnection;
  namespace: string;
  timings: Timings;
}

async function createWorker({ timings: { heartbeat, shutdown }, ...at }: At, { activities, sizing }: Work): Promise<Worker> {
  // applies to threads started from now on, such as the workflow thread (src/config/sizing.ts)
  setFlagsFromString(`--max-semi-space-size=${sizing.workflowSemiSpaceMiB}`);
  return Worker.create({
    ...at,
    taskQueue,
    workflowBundle: await loadWorkflowBundle(),
    activities,
    maxConcurrentActivityTaskExecutions: sizing.activities,
    maxConcurrentLocalActivityExecutions: sizing.localActivities,
    maxConcurrentWorkflowTaskExecutions: sizing.workflowTasks,
    maxCachedWorkflows: sizing.cachedWorkflows,
    maxHeartbeatThrottleInterval: heartbeat.throttleMs,
    workflowTaskPollerBehavior: { type: 'autoscaling' },
    activityTaskPollerBehavior: { type: 'autoscaling' },
    shutdownGraceTime: shutdown.graceMs,
    shutdownForceTime: shutdown.forceMs,
  });
}

/** A separate worker, so that drains, which may last minutes, and attempts never take each other's slots. */
async function createLaneWorker({ timings: { heartbeat, shutdown }, ...at }: At, { laneActivities, sizing }: Work): Promise<Worker> {
  return Worker.create({
    ...at,
    taskQueue: laneTaskQueue,
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
