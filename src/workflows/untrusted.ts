// Reads arguments of signals and Updates. Those of signals are untrusted: undefined, null, a string,
// or an object of any shape. These functions never throw.
import { currentUpdateInfo, workflowInfo } from '@temporalio/workflow';

/** A text field of 1 to 200 visible ASCII characters or spaces; otherwise undefined. */
export function textField(said: unknown, field: string): string | undefined {
  if (typeof said !== 'object' || said === null) return undefined;
  const value = (said as Record<string, unknown>)[field];
  return typeof value === 'string' && isText(value) ? value : undefined;
}

function isText(value: string): boolean {
  return /^[\x20-\x7e]{1,200}$/.test(value);
}

/** The field `orderingKey`: null if absent, undefined if it is not valid. */
export function orderingKeyField(said: unknown): string | null | undefined {
  if (said === undefined || said === null) return null;
  if (typeof said !== 'object' || Array.isArray(said)) return undefined;
  return Object.hasOwn(said, 'orderingKey') ? textField(said, 'orderingKey') : null;
}

/**
 * Id for a replay without `replayId`: of an Update its id, of a signal its number in this run. It is the same after a
 * workflow reset, which delivers the old signals again, and perhaps not the Updates: these are not counted. A run after
 * continue-as-new is named by the run before, because a reset changes its own id.
 */
export function replayIdOf(next: () => number): string {
  const updateId = currentUpdateInfo()?.id;
  if (updateId !== undefined && isText(updateId)) return updateId;
  const { continuedFromExecutionRunId, firstExecutionRunId } = workflowInfo();
  const run = continuedFromExecutionRunId ? `after/${continuedFromExecutionRunId}` : firstExecutionRunId;
  return `${run}/${next()}`;
}
