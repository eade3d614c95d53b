// Measures a run between `start` and `stop`: CPU time by group of processes, and memory.
import { cpuMsOf, forgetPeak, memoryOf, sharedMemoryOf, treeOf } from './process-cost.ts';
import type { Stage } from './stage.ts';

const sampleEveryMs = 2_000;

export interface Cost {
  /**
   * Milliseconds by group. `posthorn`: API and worker in one process; else `api` and `worker`. `bench`: load, receiver
   * and this process.
   */
  cpuMs: Record<string, number>;
  /**
   * MiB. Posthorn: the sum of each process's peak. Temporal: its peak. PostgreSQL: the largest sample, with shared
   * pages counted once.
   */
  peakMiB: { posthorn: number; temporal: number; postgres: number };
  /** Samples every 2 s: seconds since the start, MiB of Posthorn, Temporal, PostgreSQL. */
  memory: [number, number, number, number][];
}

export interface Meter {
  /** Stores the cost so far of processes that are about to be killed. */
  beforeKill(): void;
  stop(): Cost;
}

export function startMeter(stage: Stage): Meter {
  const { stores, load, receiver } = stage;
  const memory: Cost['memory'] = [];
  const startedAt = performance.now();
  const before = new Map<number, number>();
  const retired: Record<string, number> = {};
  let retiredPeak = 0;
  let postgresPeak = 0;

  const pidsOf = (root: number | null) => (root === null ? [] : [root]);
  const groups = (): [string, number[]][] => [
    ...stage
      .posthorn()
      .map(({ role, pid }): [string, number[]] => [role === 'start' ? 'posthorn' : role === 'server' ? 'api' : role, [pid]]),
    ['temporal', pidsOf(stores.temporalPid)],
    ['bench', [load.pid, receiver.pid]],
  ];
  // with its children that have ended: the time of each, also of before the start, has become that of the postmaster
  const postgresCpu = () => (stores.postgresPid === null ? 0 : cpuMsOf(treeOf(stores.postgresPid)));
  const cpuOf = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + cpuMsOf([pid]) - (before.get(pid) ?? 0), 0);
  const peakOf = () => stage.posthorn().reduce((sum, { pid }) => sum + memoryOf(pid).peak, 0);

  function sample(): void {
    const posthorn = stage.posthorn().reduce((sum, { pid }) => sum + memoryOf(pid).rss, 0);
    const temporal = stores.temporalPid === null ? 0 : memoryOf(stores.temporalPid).rss;
    const postgres = stores.postgresPid === null ? 0 : sharedMemoryOf(treeOf(stores.postgresPid));
    postgresPeak = Math.max(postgresPeak, postgres);
    memory.push([(performance.now() - startedAt) / 1_000, posthorn, temporal, postgres]);
  }

  for (const [, pids] of groups()) for (const pid of pids) before.set(pid, cpuMsOf([pid]));
  for (const pid of [...stage.posthorn().map(({ pid }) => pid), ...pidsOf(stores.temporalPid)]) forgetPeak(pid);
  const postgresBefore = postgresCpu();
  const own = process.cpuUsage();
  // a run that is interrupted does not stop it
  const timer = setInterval(sample, sampleEveryMs).unref();

  return {
    beforeKill() {
      for (const { role, pid } of stage.posthorn()) {
        const group = role === 'start' ? 'posthorn' : role === 'server' ? 'api' : role;
        retired[group] = (retired[group] ?? 0) + cpuOf([pid]);
      }
      retiredPeak = Math.max(retiredPeak, peakOf());
    },
    stop() {
      clearInterval(timer);
      const { user, system } = process.cpuUsage(own);
      const cpuMs: Record<string, number> = { ...retired };
      for (const [group, pids] of groups()) if (pids.length > 0) cpuMs[group] = (cpuMs[group] ?? 0) + cpuOf(pids);
      if (stores.postgresPid !== null) cpuMs.postgres = postgresCpu() - postgresBefore;
      cpuMs.bench = (cpuMs.bench ?? 0) + (user + system) / 1_000;
      sample();
      const temporal = stores.temporalPid === null ? 0 : memoryOf(stores.temporalPid).peak;
      return { cpuMs, memory, peakMiB: { posthorn: Math.max(retiredPeak, peakOf()), temporal, postgres: postgresPeak } };
    },
  };
}
