// Every workflow that this process starts carries the id of its PostgreSQL store in a header, which its activities get
// (src/workflows/store-header.ts). So a worker of another Posthorn on the same task queue can leave them alone.
import type { ClientInterceptors } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { storeHeader } from '#contract/workflow-contract';

export function storeHeaderInterceptors(store: string): ClientInterceptors {
  const header = { [storeHeader]: defaultPayloadConverter.toPayload(store) };
  return {
    workflow: [
      {
        start: (input, next) => next({ ...input, headers: { ...input.headers, ...header } }),
        signalWithStart: (input, next) => next({ ...input, headers: { ...input.headers, ...header } }),
      },
    ],
    schedule: [{ create: (input, next) => next({ ...input, headers: { ...input.headers, ...header } }) }],
  };
}
