// Starts the workflow that follows the rotation of a signing key. Starting it twice has no effect.
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { rotateKeyWorkflowId, tenantAttribute, workflowTypes } from '#contract/workflow-contract';
import type { SigningKey } from '#domain/endpoints/signing-keys';
import type { Logger } from '#runtime/logger';
import type { TemporalLink } from './link.ts';
import { type Start, startWorkflow } from './start-workflow.ts';

/**
 * Never rejects. If Temporal is unavailable, the rotation still proceeds, because its dates are in the database. It
 * only cannot be watched or cancelled in Temporal, and upkeep deletes the old keys.
 */
export type FollowKey = (key: Pick<SigningKey, 'id' | 'tenant'>) => Promise<void>;

export function createFollowKey(link: TemporalLink, log: Logger): FollowKey {
  return async ({ id, tenant }) => {
    try {
      const start: Start = {
        workflowId: rotateKeyWorkflowId(id),
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        args: [{ keyId: id }],
        staticSummary: `signing key of ${tenant}`,
        staticDetails:
          'Follows the rotation of a signing key: published, signing with the previous keys, signing alone, previous keys deleted.',
        typedSearchAttributes: [{ key: tenantAttribute, value: tenant }],
      };
      await startWorkflow(link, start, (client, options) => client.workflow.start(workflowTypes.rotateKey, options));
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) log.warn({ err: error, keyId: id }, 'signing_key.not_followed');
    }
  };
}
