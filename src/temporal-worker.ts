// The Temporal worker of a process: polls for workflows and activities from when Temporal is there until it is told to stop, and looks after what
// Posthorn keeps in Temporal.
import { setTimeout as delay } from 'node:timers/promises';
import { type NativeConnection, Worker } from '@temporalio/worker';
import type { createActivities } from './activities/index.ts';
import type { Core } from './core.ts';
import type { Sizing } from './sizing.ts';
import { ensureOperator, ensureSchedules, ensureSearchAttributes } from './temporal/prepare.ts';
import { loadWorkflowBundle } from './workflow-bundle.ts';
import { taskQueue } from './workflows/contract.ts';

const lookAfterMs = 60_000;
/** After a look in vain. */
const lookAgainMs = 5_000;
const failedPauseMs = 1_000;
/** The longest request of an endpoint is 30 s. */
export const graceMs = 35_000;

/** `ready`: it polls. Starts at once also while Temporal is away. */
export function pollTemporal(
  { config, link, log }: Core,
  activities: ReturnType<typeof createActivities>,
  sizing: Sizing,
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
      const opened = await untilDone('worker', () => createWorker(connection, config.TEMPORAL_NAMESPACE, activities, sizing));
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
  sizing: Sizing,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: await loadWorkflowBundle(),
    activities,
    maxConcurrentActivityTaskExecutions: sizing.activities,
    maxConcurrentLocalActivityExecutions: sizing.localActivities,
    maxConcurrentWorkflowTaskExecutions: sizing.workflowTasks,
    maxCachedWorkflows: sizing.cachedWorkflows,
    // by default one in 4 s is sent of those that must come every 5 s: a second of bad luck would repeat a POST
    maxHeartbeatThrottleInterval: 1_000,
    workflowTaskPollerBehavior: { type: 'autoscaling' },
    activityTaskPollerBehavior: { type: 'autoscaling' },
    shutdownGraceTime: graceMs,
    // docker-compose.yml gives a worker 45 s in all
    shutdownForceTime: graceMs + 5_000,
  });
}
