// dispatchEvents: one dispatch. Plans deliveries, starts a `deliver` workflow for each that needs
// one, and marks the dispatch as done. Each step is an idempotent page of at most 500, so it can be
// started again at any time.
import {
  ActivityFailure,
  ApplicationFailure,
  continueAsNew,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '#activities/index';
import { type DispatchCursor, type DispatchProgress, otherStoreFailure, progressQuery } from '#contract/workflow-contract';
import { ourFaults } from './retry.ts';

export interface DispatchInput {
  dispatchId: string;
  /** Only after continue-as-new. */
  cursor?: DispatchCursor;
}

// The first page, which is often the only one, is a local activity: it runs within the workflow task and is fastest.
// A page of 500 starts can take longer than a workflow task may, so later pages are normal activities.
const pageHere = proxyLocalActivities<Activities>({ startToCloseTimeout: '1 minute', retry: ourFaults }).dispatchPage;
const laterPage = proxyActivities<Activities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '10 seconds',
  retry: ourFaults,
}).dispatchPage;

export async function dispatchEvents({ dispatchId, cursor }: DispatchInput): Promise<DispatchProgress> {
  const progress: DispatchProgress = { planned: 0, started: 0, done: false, deliveries: [] };
  setHandler(progressQuery, () => progress, {
    description: 'How many deliveries were planned, how many workflows started, and the first 256 deliveries with their status.',
  });

  for (let at = cursor ?? null; ; ) {
    showDetails(progress);
    const page = await (at ? laterPage({ dispatchId, cursor: at }) : firstPage(dispatchId));
    progress.planned += page.planned;
    progress.started += page.started;
    progress.deliveries = page.deliveries ?? [];
    if (page.next === null) break;
    at = page.next;
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof dispatchEvents>({ dispatchId, cursor: at });
  }
  progress.done = true;
  showDetails(progress);
  return progress;
}

/** A worker of another store refuses it. A normal activity gets to all workers. */
async function firstPage(dispatchId: string) {
  const page = { dispatchId, cursor: null };
  try {
    return await pageHere(page);
  } catch (error) {
    const { cause } = error instanceof ActivityFailure ? error : { cause: null };
    if (cause instanceof ApplicationFailure && cause.type === otherStoreFailure) return laterPage(page);
    throw error;
  }
}

/** Unlike summary and details, memo and current details stay after continue-as-new. */
function showDetails({ planned, started, done }: DispatchProgress): void {
  const state = done ? 'Done' : 'At work';
  setCurrentDetails(
    `${state}. Deliveries planned in this run: ${planned}, workflows started: ${started}.\n\n${workflowInfo().memo?.about}.`,
  );
}
