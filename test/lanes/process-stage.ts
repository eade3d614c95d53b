// A lane stage of real processes: one server and two workers, which can be frozen and killed.
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Timings } from '#domain/timings';
import { openStage, type Stage } from '../chaos/stage.ts';
import type { PosthornProcess } from '../support/posthorn-process.ts';
import { until } from '../support/until.ts';
import { type LaneEndpoint, makeLane, type Where } from './lane-stage.ts';

export interface ProcessStage {
  stage: Stage;
  server: PosthornProcess;
  /** The running workers. */
  workers: PosthornProcess[];
  startWorker(): Promise<PosthornProcess>;
  killWorker(worker: PosthornProcess): Promise<void>;
  where: Where;
  makeTenant(settings?: object): Promise<string>;
  endpoint(tenant: string, settings?: object): Promise<LaneEndpoint>;
  /** The worker whose activity drains the lane now. */
  drainer(endpoint: LaneEndpoint): Promise<PosthornProcess>;
}

async function open(namespace: string, env: Record<string, string>, timings: Timings): Promise<ProcessStage> {
  // with room for the workflow of every lane, so that `drainer` finds its worker
  const lanesHaveRoom = { POSTHORN_DISPATCH: 'adaptive', POSTHORN_WORKFLOWS_PER_SECOND: '1000' };
  const stage = await openStage({ namespace, env: { ...lanesHaveRoom, ...env }, timings });
  const [server, ...workers] = await Promise.all([
    stage.start({ role: 'server' }),
    stage.start({ role: 'worker' }),
    stage.start({ role: 'worker' }),
  ]);
  const where: Where = { api: server, db: stage.db, receiver: stage.receiver, temporal: stage.temporal };

  async function drainer({ id }: LaneEndpoint): Promise<PosthornProcess> {
    return until('a worker to drain the lane', async () => {
      const { raw } = await stage.temporal.workflow.getHandle(`lane/${id}`).describe();
      const [activity] = raw.pendingActivities ?? [];
      return workers.find(({ pid }) => pid === Number.parseInt(activity?.lastWorkerIdentity ?? '', 10));
    });
  }

  return {
    stage,
    server,
    workers,
    async startWorker() {
      const worker = await stage.start({ role: 'worker' });
      workers.push(worker);
      return worker;
    },
    async killWorker(worker) {
      workers.splice(workers.indexOf(worker), 1);
      await worker.kill();
    },
    where,
    async makeTenant(settings = {}) {
      const tenant = await server.makeTenant();
      if (Object.keys(settings).length === 0) return tenant;
      const { status, body } = await server.call('PATCH', `/v1/tenants/${tenant}`, settings);
      if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
      return tenant;
    },
    endpoint: (tenant, settings) => makeLane(where, tenant, settings),
    drainer,
  };
}

/** One stage for all tests of a file. Its logs are kept when a test fails. */
export function useProcesses(namespace: string, env: Record<string, string>, timings: Timings): () => ProcessStage {
  let opened: ProcessStage | undefined;
  let failed = false;
  beforeAll(async () => {
    opened = await open(namespace, env, timings);
  });
  afterEach(({ task }) => {
    failed ||= task.result?.state === 'fail';
  });
  afterAll(() => opened?.stage.close(failed));
  return () => {
    if (!opened) throw new Error('the stage is not open yet');
    return opened;
  };
}
