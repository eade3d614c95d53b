// Makes a history so large that its workflow continues as new.
import type { WorkflowHandle } from '@temporalio/client';
import { until } from './until.ts';

/** Temporal suggests to continue as new at 4 MB of history; what these signals carry is cut short in what is kept. */
export async function swell(handle: WorkflowHandle, signal: string): Promise<void> {
  for (let n = 0; n < 5; n++) {
    await handle.signal(signal, 'x'.repeat(900_000));
    // together they would be more than one answer of the server may hold
    await until('the signal to be read', async () => !(await handle.describe()).raw.pendingWorkflowTask);
  }
}
