// Examples of test endpoints for the OpenAPI document.
import type { z } from 'zod';
import type { createdSandbox, newSandbox, SandboxRequestView, SandboxView, sandboxChange } from '#domain/sandbox/sandbox-endpoint';
import { deliveryId, endpointId, etagExample, eventId, sandboxId, tenantId } from './ids.ts';

export const newSandboxExample: z.input<typeof newSandbox> = {
  name: 'Retries',
  script: '500,503;retry-after=7,200',
  endpoint: { eventTypes: ['order.*'] },
};

export const sandboxExample: SandboxView = {
  id: sandboxId,
  etag: etagExample,
  tenant: tenantId,
  name: 'Retries',
  url: `https://posthorn.example.com/sandbox/${sandboxId}`,
  script: '500,503;retry-after=7,200',
  endpoint: endpointId,
  createdAt: '2026-03-02T10:02:31.050Z',
  updatedAt: '2026-03-02T10:02:31.050Z',
};

export const createdSandboxExample: z.infer<typeof createdSandbox> = {
  ...sandboxExample,
  secret: 'whsec_bm90IGEgc2VjcmV0LCBqdXN0IGFuIGV4YW1wbGU=',
};

export const sandboxChangeExample: z.input<typeof sandboxChange> = { script: '200' };
export const changedSandboxExample: SandboxView = { ...sandboxExample, script: '200', updatedAt: '2026-03-02T10:14:08.313Z' };

export const sandboxRequestExample: SandboxRequestView = {
  id: 'sbr_019cac20a4f27b1d95c3e8d0127f6a4b',
  receivedAt: '2026-03-02T10:02:52.338Z',
  method: 'POST',
  webhookId: eventId,
  delivery: deliveryId,
  attempt: 1,
  signature: 'valid',
  statusAnswered: 500,
  headers: { 'content-type': 'application/json', 'webhook-id': eventId },
  body: '{"type":"order.created","timestamp":"2026-03-02T10:02:52.101Z","data":{"orderId":"1001"}}',
  bodyBytes: 89,
};
