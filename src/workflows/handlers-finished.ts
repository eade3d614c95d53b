// Waits for the answers of Updates before a workflow ends or continues as new: an Update whose
// handler has not finished by then gets an error in place of its answer.
import { allHandlersFinished, CancellationScope, condition } from '@temporalio/workflow';

/** Also after a cancellation of the workflow. Adds nothing to the history. */
export async function handlersFinished(): Promise<void> {
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
}
