// One dispatch: plans the deliveries of its events that are not planned, gives each unfinished one its `deliver` workflow, then says it is done.
// Every step is a page of at most 500 and idempotent, so a dispatch may be started again by anybody at any time.
//
// The first page - most often all of it - is made within the workflow's own task, which is quickest. A page of 500 starts can take longer than a
// workflow task may: the later pages of a large dispatch are activities.
import { continueAsNew, proxyActivities, proxyLocalActivities, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '#activities/index';
import { type DispatchCursor, type DispatchProgress, progressQuery } from '#contract/workflow-contract';
import { ourFaults } from './retry.ts';

export interface DispatchInput {
  dispatchId: string;
  /** Only after continue-as-new. */
  cursor?: DispatchCursor;
}

const firstPage = proxyLocalActivities<Activities>({ startToCloseTimeout: '1 minute', retry: ourFaults }).dispatchPage;
const laterPage = proxyActivities<Activities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '10 seconds',
  retry: ourFaults,
}).dispatchPage;

export async function dispatchEvents({ dispatchId, cursor }: DispatchInput): Promise<DispatchProgress> {
  const progress: DispatchProgress = { planned: 0, started: 0, done: false };
  setHandler(progressQuery, () => progress);

  for (let at = cursor ?? null; ; ) {
    const page = await (at ? laterPage({ dispatchId, cursor: at }) : firstPage({ dispatchId, cursor: null }));
    progress.planned += page.planned;
    progress.started += page.started;
    if (page.next === null) break;
    at = page.next;
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof dispatchEvents>({ dispatchId, cursor: at });
  }
  progress.done = true;
  return progress;
}
