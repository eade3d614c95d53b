// Refuses activities of workflows that belong to another store: two Posthorns share a namespace and a task queue. The
// activity is tried again, until a worker of its own store gets it.
import { ApplicationFailure, type Context } from '@temporalio/activity';
import { ApplicationFailureCategory, defaultPayloadConverter } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { otherStoreFailure, storeHeader } from '#contract/workflow-contract';

const againInMs = 500;

/** `onOther` is called with the id of the other store for each activity that is refused. */
export function onlyOwnStore(store: string, onOther: (other: string) => void): ActivityInterceptorsFactory {
  return (context: Context) => ({
    inbound: {
      execute(input, next) {
        const header = input.headers[storeHeader];
        const other = header ? defaultPayloadConverter.fromPayload<string>(header) : store;
        if (other === store) return next(input);
        onOther(other);
        throw ApplicationFailure.create({
          type: otherStoreFailure,
          message: `This activity belongs to the Posthorn of store ${other}. It is tried again, until a worker of that store gets it.`,
          category: ApplicationFailureCategory.BENIGN,
          nextRetryDelay: againInMs,
          // a local activity is tried again by the same worker
          nonRetryable: context.info.isLocal,
        });
      },
    },
  });
}
