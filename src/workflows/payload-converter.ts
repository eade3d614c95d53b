// What a signal carries may be unreadable: broken JSON, or an encoding that nobody here knows. It then reads as nothing. Thrown from here it would
// fail the workflow's task for ever, before any handler is called. Loaded by name into the workflow bundle (src/app/workflow-bundle.ts).
import { defaultPayloadConverter, type PayloadConverter } from '@temporalio/common';

export const payloadConverter: PayloadConverter = {
  toPayload: (value) => defaultPayloadConverter.toPayload(value),
  fromPayload<T>(payload: Parameters<PayloadConverter['fromPayload']>[0]): T {
    try {
      return defaultPayloadConverter.fromPayload<T>(payload);
    } catch {
      return undefined as T;
    }
  },
};
