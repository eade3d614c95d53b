// Payload converter that turns an unreadable signal payload (broken JSON, unknown encoding) into
// undefined. An exception here would fail the workflow task forever, before any handler runs.
// src/app/workflow-bundle.ts loads this file by name into the workflow bundle.
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
