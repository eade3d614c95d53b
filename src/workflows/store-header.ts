// Passes the header with the store's id on, from a workflow to its activities and to the run after continue-as-new.
// src/app/workflow-bundle.ts loads this file by name into the workflow bundle.
import type { Headers, WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { storeHeader } from '#contract/workflow-contract';

export const interceptors: WorkflowInterceptorsFactory = () => {
  let own: Headers = {};
  const withHeader = <T extends { headers: Headers }>(input: T): T => ({ ...input, headers: { ...input.headers, ...own } });
  return {
    inbound: [
      {
        execute(input, next) {
          const header = input.headers[storeHeader];
          if (header) own = { [storeHeader]: header };
          return next(input);
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(withHeader(input)),
        scheduleLocalActivity: (input, next) => next(withHeader(input)),
        continueAsNew: (input, next) => next(withHeader(input)),
      },
    ],
  };
};
