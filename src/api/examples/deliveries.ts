// Examples of deliveries and attempts for the OpenAPI document.
import type { AttemptView, DeliveryView } from '#domain/delivery-view';
import { attemptId, deliveryId, endpointId, eventId, tenantId } from './ids.ts';

export const deliveryExample: DeliveryView = {
  id: deliveryId,
  event: eventId,
  eventType: 'order.created',
  tenant: tenantId,
  endpoint: endpointId,
  status: 'succeeded',
  round: 1,
  attempts: 1,
  nextAttemptAt: null,
  lastOutcome: 'accepted',
  lastMessage: 'HTTP 200 from hooks.example.com, 122 ms',
  sequence: null,
  batch: null,
  faults: 0,
  createdAt: '2026-03-02T09:15:00.224Z',
  updatedAt: '2026-03-02T09:15:00.612Z',
  workflowId: null,
  temporalUrl: null,
};

/** After a replay of `deliveryExample`. */
export const pendingDeliveryExample: DeliveryView = {
  ...deliveryExample,
  status: 'pending',
  round: 2,
  attempts: 0,
  nextAttemptAt: '2026-03-02T10:02:31.050Z',
  updatedAt: '2026-03-02T10:02:31.050Z',
};

export const cancelledDeliveryExample: DeliveryView = {
  ...deliveryExample,
  status: 'cancelled',
  attempts: 3,
  lastOutcome: 'timeout',
  lastMessage: 'no answer from hooks.example.com within 15 s',
  updatedAt: '2026-03-02T10:02:31.050Z',
};

export const attemptExample: AttemptView = {
  id: attemptId,
  delivery: deliveryId,
  round: 1,
  number: 1,
  probe: false,
  reconnected: false,
  startedAt: '2026-03-02T09:15:00.473Z',
  outcome: 'accepted',
  message: 'HTTP 200 from hooks.example.com, 122 ms',
  status: 200,
  headers: [['content-type', 'application/json']],
  body: '{"ok":true}',
  bodyTruncated: false,
  address: '203.0.113.10',
  timings: { dnsMs: 2.1, connectMs: 11.4, tlsMs: 24.9, firstByteMs: 118.3, totalMs: 121.7 },
};
