// The search attribute PosthornStatus. A closed workflow keeps only a status that stays: what is
// `held`, `pending`, `retrying` or a dead letter goes on somewhere else.
import { makeContinueAsNewFunc, upsertSearchAttributes, type Workflow, workflowInfo } from '@temporalio/workflow';
import { statusAttribute } from '#contract/workflow-contract';
import type { DeliveryStatus } from '#domain/deliveries/delivery';

/**
 * Null: the workflow is not found by a status any more. A workflow without the attribute gets none: a namespace that
 * lacks it would refuse it, so it was not given at the start.
 */
export function showStatus(status: DeliveryStatus | null): void {
  const shown = workflowInfo().typedSearchAttributes.get(statusAttribute);
  if (shown !== undefined && status !== shown) upsertSearchAttributes([{ key: statusAttribute, value: status }]);
}

/** Continues as new. The next run has the attributes of this one, which closes without a status. */
export async function continueWithStatus<F extends Workflow>(...input: Parameters<F>): Promise<never> {
  const { typedSearchAttributes } = workflowInfo();
  const next = makeContinueAsNewFunc<F>({ typedSearchAttributes });
  showStatus(null);
  return next(...input);
}
