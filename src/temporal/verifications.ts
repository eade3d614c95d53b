// Starts the workflows that verify endpoints.
// If Temporal is unavailable, or the process crashes between the row and the start, the row stays
// pending and due, and a worker starts the workflow within a minute.
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { endpointAttribute, verificationWorkflowId, workflowTypes } from '#contract/workflow-contract';
import { takeLeftVerifications, type Verifying } from '#db/endpoints/verifications';
import type { Db } from '#db/store/pool';
import type { Logger } from '#runtime/logger';
import type { TemporalLink } from './link.ts';
import { type Start, startWorkflow } from './start-workflow.ts';

export interface Verifications {
  /** Starts a verification and terminates an earlier one of the endpoint. Never rejects. */
  begin(of: Verifying): Promise<void>;
  /** Starts pending verifications whose workflow was not started. */
  beginLeft(): Promise<void>;
}

export function createVerifications({ db, link, log }: { db: Db; link: TemporalLink; log: Logger }): Verifications {
  function start({ endpointId, round }: Verifying, workflowIdConflictPolicy: 'TERMINATE_EXISTING' | 'FAIL'): Promise<unknown> {
    const options: Start = {
      workflowId: verificationWorkflowId(endpointId),
      args: [{ endpointId, round }],
      workflowIdConflictPolicy,
      staticSummary: 'verifies an endpoint',
      staticDetails: `Endpoint ${endpointId}: deliveries are held until it is verified.`,
      typedSearchAttributes: [{ key: endpointAttribute, value: endpointId }],
    };
    return startWorkflow(link, options, (client, whole) => client.workflow.start(workflowTypes.verify, whole));
  }

  return {
    async begin(of) {
      await start(of, 'TERMINATE_EXISTING').catch((error) => log.warn({ err: error, ...of }, 'verification.not_begun'));
    },
    async beginLeft() {
      for (const of of await takeLeftVerifications(db)) {
        await start(of, 'FAIL').catch((error) => {
          if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        });
      }
    },
  };
}
