// Finds open workflows that cannot go on, and ends them, so that they can be started again. The row in PostgreSQL decides
// what a workflow does, so starting again loses nothing. Called for work that is overdue although its workflow is open.
import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { TemporalLink } from './link.ts';

/** temporal.api.enums.v1.PendingActivityState.PENDING_ACTIVITY_STATE_STARTED */
const started = 2;
/** A worker that is stopped or overloaded makes a workflow task time out once or twice. */
const failuresThatMeanStuck = 3;

/**
 * stuck: its workflow task fails again and again, as after an upgrade to incompatible code. working: an activity runs, or
 * its workflow task waits for a worker. waiting: for a timer, a signal, or the retry of an activity.
 */
export type Progress = 'stuck' | 'working' | 'waiting';

function progressOf({ raw: { pendingWorkflowTask: task, pendingActivities } }: Pick<WorkflowExecutionDescription, 'raw'>): Progress {
  if (pendingActivities?.some(({ state }) => state === started)) return 'working';
  if (!task) return 'waiting';
  return Number(task.attempt) > failuresThatMeanStuck ? 'stuck' : 'working';
}

/**
 * Terminates the open workflow of this id if it is stuck. Returns what it found; null: no workflow is open any more.
 * Throws TemporalAway.
 */
export async function endIfStuck(link: TemporalLink, workflowId: string): Promise<Progress | null> {
  const found = await link.call((client) => client.workflow.getHandle(workflowId).describe());
  if (found.status.name !== 'RUNNING') return null;
  const progress = progressOf(found);
  if (progress === 'stuck') {
    const why = `Its workflow task failed ${Number(found.raw.pendingWorkflowTask?.attempt) - 1} times. Posthorn starts it again.`;
    // the run that was looked at: a newer one may be well
    await link.call((client) => client.workflow.getHandle(workflowId, found.runId).terminate(why));
  }
  return progress;
}
