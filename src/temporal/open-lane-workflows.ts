// Which lanes have an open workflow. Temporal's list may be some seconds late.
import { laneWorkflowId, workflowTypes } from '#contract/workflow-contract';
import type { TemporalLink } from './link.ts';

const pageSize = 500;
const query = `WorkflowType = '${workflowTypes.lane}' and ExecutionStatus = 'Running'`;
const workflowId = new RegExp(`^${laneWorkflowId('(ep_[0-9a-f]{32})')}$`);

/** Pages of endpoint ids; in a namespace that is shared, also those of other stores. Throws TemporalAway. */
export async function* openLaneWorkflows(link: TemporalLink): AsyncGenerator<string[]> {
  for (let nextPageToken: Uint8Array | undefined; ; ) {
    const page = await link.call(({ workflowService, options: { namespace } }) =>
      workflowService.listWorkflowExecutions({ namespace, query, pageSize, ...(nextPageToken && { nextPageToken }) }),
    );
    yield page.executions.flatMap(({ execution }) => workflowId.exec(execution?.workflowId ?? '')?.[1] ?? []);
    if (page.nextPageToken.length === 0) return;
    nextPageToken = page.nextPageToken;
  }
}
