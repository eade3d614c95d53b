// Lanes on a real Temporal with scripted drains: both Temporal workers of a process, without a
// database or a receiver.
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { inject } from 'vitest';
import { type Activities, createLaneActivities } from '#activities/index';
import { pollTemporal } from '#app/temporal-worker';
import { readConfig } from '#config/config';
import { sizingOf, thisMachine } from '#config/sizing';
import type { LaneReport } from '#domain/lanes/lane';
import type { Drain } from '#lanes/drain-types';
import { untilAborted } from '#runtime/aborted';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { openTemporalLink } from '#temporal/link';
import { signalLane } from '#temporal/starter';
import { quickWaits } from './quick-timings.ts';
import { installTestRuntime } from './runtime.ts';
import { until } from './until.ts';

const quickBeats = quickWaits.heartbeat.drain;

/** The script of a lane's drains: `call` is the number of the drain, from 1. */
export type Script = (call: number, stopping: AbortSignal) => LaneReport | Promise<LaneReport>;

export interface ScriptedLane {
  endpointId: string;
  handle: WorkflowHandle;
  /** Signals the lane, as a process that parks does. */
  wake(): Promise<void>;
  /** The number of drains that have begun. */
  drains(): number;
  /** The commands it carried out: `pause`, `resume`, `skipHead <key>`. */
  done: string[];
}

export interface LaneStage {
  client: Client;
  lane(script: Script): ScriptedLane;
  /** Stops the workers, as a process does when it ends. */
  stopWorkers(): Promise<void>;
  startWorkers(): Promise<void>;
  close(): Promise<void>;
}

export const ended: LaneReport = { state: 'idle', wait: null, dueInMs: null, held: 0, sent: 1 };
export const blocked: LaneReport = { state: 'blocked', wait: 'circuit_open', dueInMs: null, held: 1_234, sent: 0 };
export const again: LaneReport = { state: 'awake', wait: null, dueInMs: 0, held: 5, sent: 2 };

/** `more`: activities in addition to those of lanes. `address`: of another Temporal than the shared one. */
export async function setLaneStage(
  namespace: string,
  more: Partial<Activities> = {},
  address = inject('temporalAddress'),
): Promise<LaneStage> {
  const config = readConfig({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace });
  const log = createLogger('error');
  installTestRuntime();
  const connection = await Connection.connect({ address: config.TEMPORAL_ADDRESS });
  const client = new Client({ connection, namespace });
  const outside = openTemporalLink(config, log);
  await outside.connected;
  const lanes = new Map<string, { script: Script; calls: number; done: string[] }>();
  const laneOf = (endpointId: string) => lanes.get(endpointId) ?? { script: () => ended, calls: 0, done: [] };

  const drain: Drain = async (endpointId, stopping) => {
    const lane = laneOf(endpointId);
    return lane.script(++lane.calls, stopping);
  };
  const activities = {
    setGate: async ({ endpointId, gate }: { endpointId: string; gate: string }) => {
      laneOf(endpointId).done.push(gate);
      return { obeyed: true, status: `${gate}d` };
    },
    skipHead: async ({ endpointId, orderingKey }: { endpointId: string; orderingKey: string | null }) => {
      laneOf(endpointId).done.push(`skipHead ${orderingKey}`);
      return { obeyed: true, status: 'skipped' };
    },
    ...more,
  } as Activities;

  let workers: { link: ReturnType<typeof openTemporalLink>; stop(): Promise<void> } | undefined;
  const stage: LaneStage = {
    client,
    lane(script) {
      const endpointId = newId('ep');
      const lane = { script, calls: 0, done: [] };
      lanes.set(endpointId, lane);
      const ref = { endpointId, tenant: 'a-tenant', endpointHost: 'example.com' };
      return {
        endpointId,
        handle: client.workflow.getHandle(`lane/${endpointId}`),
        // retried in case a busy Temporal does not answer within the 5 s of a call
        wake: () =>
          until('Temporal to take the signal', () => signalLane(outside, ref, quickBeats.timeoutMs).then(() => true)).then(() => undefined),
        drains: () => lane.calls,
        done: lane.done,
      };
    },
    async startWorkers() {
      const link = openTemporalLink(config, log);
      const polling = pollTemporal(
        { config, link, log },
        {
          activities,
          laneActivities: createLaneActivities(drain, quickWaits),
          sizing: sizingOf(config, thisMachine()),
        },
      );
      workers = { link, stop: polling.stop };
      await polling.ready;
    },
    async stopWorkers() {
      await workers?.stop();
      await workers?.link.close();
      workers = undefined;
    },
    async close() {
      await stage.stopWorkers();
      await outside.close();
      await connection.close();
    },
  };
  await stage.startWorkers();
  return stage;
}

/** A drain that runs until it is stopped, and then reports that there is more to do. */
export async function untilStopped(stopping: AbortSignal): Promise<LaneReport> {
  await untilAborted(stopping);
  return again;
}

/** A gate for scripts: `promise` resolves when `release` is called. */
export function held<T>(): { promise: Promise<T>; release(value: T): void } {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { promise, release: resolve };
}
