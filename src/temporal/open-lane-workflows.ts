// Which lanes have an open workflow. Temporal's list may be some seconds late.
import { laneWorkflowId, workflowTypes } from '#contract/workflow-contract';
import { isId } from '#domain/ids';
import type { TemporalLink } from './link.ts';

const pageSize = 500;
const query = `WorkflowType = '${workflowTypes.lane}' and ExecutionStatus = 'Running'`;
const prefix = laneWorkflowId('');

/** Pages of endpoint ids; in a namespace that is shared, also those of other stores. Throws TemporalAway. */
export async function* openLaneWorkflows(link: TemporalLink): AsyncGenerator<string[]> {
  for (let nextPageToken: Uint8Array | undefined; ; ) {
    const page = await link.call(({ workflowService, options: { namespace } }) =>
      workflowService.listWorkflowExecutions({ namespace, query, pageSize, ...(nextPageToken && { nextPageToken }) }),
    );
    yield page.executions.map(({ execution }) => execution?.workflowId?.slice(prefix.length) ?? '').filter((id) => isId('ep', id));
    if (page.nextPageToken.length === 0) return;
    nextPageToken = page.nextPageToken;
  }
}
