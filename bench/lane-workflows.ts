// What Temporal has of one endpoint while it is measured: how many workflows are open, and how long the histories of its lane become.
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { Stage } from './stage.ts';

export interface WorkflowWatch {
  /** Open at once for the endpoint, so far. */
  most(): number;
  /** Events in the longest run of its lane; 0: it had none. */
  longestHistory(): Promise<number>;
  stop(): Promise<void>;
}

/** `path`: of the endpoint in the API. Counts once a second. */
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
