// Makes a workflow's history so large that the workflow continues as new.
import type { WorkflowHandle } from '@temporalio/client';
import { until } from './until.ts';

/** Temporal suggests continuing as new at 4 MB of history. Recordings replace the payloads of these signals. */
export async function swell(handle: WorkflowHandle, signal: string): Promise<void> {
  for (let n = 0; n < 5; n++) {
    await handle.signal(signal, 'x'.repeat(900_000));
    // sent together they would exceed the size limit of one server response
    await until('the signal to be read', async () => !(await handle.describe()).raw.pendingWorkflowTask);
  }
}
