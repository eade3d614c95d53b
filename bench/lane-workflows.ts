// Observes an endpoint's workflows in Temporal during a run: how many are open, and how long the
// histories of its lane get.
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { Stage } from './stage.ts';

export interface WorkflowWatch {
  /** The maximum of concurrently open workflows of the endpoint so far. */
  most(): number;
  /** The number of history events in the longest run of its lane. 0: it had no run. */
  longestHistory(): Promise<number>;
  stop(): Promise<void>;
}

/** `path`: the API path of the endpoint. Counts once a second. */
export async function watchWorkflows(stage: Stage, path: string): Promise<WorkflowWatch> {
  const connection = await Connection.connect({ address: stage.stores.temporalAddress });
  const { workflow } = new Client({ connection });
  const endpoint = path.slice(path.lastIndexOf('/') + 1);
  const counts: number[] = [];
  let stopped = false;
  const watching = (async () => {
    for (; !stopped; await delay(1_000)) {
      const counted = await workflow.count(`PosthornEndpoint = '${endpoint}' and ExecutionStatus = 'Running'`).catch(() => null);
      if (counted) counts.push(counted.count);
    }
  })();
  return {
    most: () => Math.max(0, ...counts),
    async longestHistory() {
      let longest = 0;
      for await (const { workflowId, runId } of workflow.list({ query: `WorkflowId = 'lane/${endpoint}'` })) {
        const { historyLength } = await workflow.getHandle(workflowId, runId).describe();
        longest = Math.max(longest, historyLength);
      }
      return longest;
    },
    async stop() {
      stopped = true;
      await watching;
      await connection.close();
    },
  };
}
