// Starts the workflows that ask endpoints whether they want to be sent to.
//
// What if Temporal is away, or we die between the row and the start? The row is pending and due, and the look of a worker, each minute, starts it.
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { endpointAttribute, taskQueue, verificationWorkflowId, workflowTypes } from '#contract/workflow-contract';
import { takeLeftVerifications, type Verifying } from '#db/endpoints/verifications';
import type { Db } from '#db/store/pool';
import type { Logger } from '#runtime/logger';
import type { TemporalLink } from './link.ts';

export interface Verifications {
  /** Asks from now on, and what was asked before no more. Never rejects. */
  begin(of: Verifying): Promise<void>;
  /** Begins what was not begun. */
  beginLeft(): Promise<void>;
}

export function createVerifications({ db, link, log }: { db: Db; link: TemporalLink; log: Logger }): Verifications {
  function start({ endpointId, round }: Verifying, workflowIdConflictPolicy: 'TERMINATE_EXISTING' | 'FAIL'): Promise<unknown> {
    return link.call((client) =>
      client.workflow.start(workflowTypes.verify, {
        workflowId: verificationWorkflowId(endpointId),
        taskQueue,
        args: [{ endpointId, round }],
        workflowIdConflictPolicy,
        staticSummary: 'asks an endpoint whether it wants to be sent to',
        staticDetails: `Endpoint ${endpointId}: held until it has agreed.`,
        typedSearchAttributes: [{ key: endpointAttribute, value: endpointId }],
      }),
    );
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
