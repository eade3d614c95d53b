// Examples of deliveries and attempts for the OpenAPI document.
import type { AttemptDetails } from '#domain/views/attempt-details';
import type { AttemptView, DeliveryView } from '#domain/views/delivery-view';
import type { UndeliveredEndpoint } from '#domain/views/undelivered';
import { attemptId, deliveryId, endpointId, eventId, tenantId } from './ids.ts';

export const deliveryExample: DeliveryView = {
  id: deliveryId,
  event: eventId,
  eventType: 'order.created',
  tenant: tenantId,
  endpoint: endpointId,
  host: 'hooks.example.com',
  status: 'succeeded',
  round: 1,
  attempts: 1,
  nextAttemptAt: null,
  lastOutcome: 'accepted',
  lastMessage: 'HTTP 200 from hooks.example.com, 122 ms',
  lastStatus: 200,
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
  lastOutcome: null,
  lastMessage: null,
  lastStatus: null,
  updatedAt: '2026-03-02T10:02:31.050Z',
};

export const cancelledDeliveryExample: DeliveryView = {
  ...deliveryExample,
  status: 'cancelled',
  attempts: 3,
  lastOutcome: 'timeout',
  lastMessage: 'no answer from hooks.example.com within 15 s',
  lastStatus: null,
  updatedAt: '2026-03-02T10:02:31.050Z',
};

export const undeliveredExample: UndeliveredEndpoint = {
  endpoint: endpointId,
  tenant: tenantId,
  url: 'https://hooks.example.com/orders',
  description: 'orders to the shop',
  count: 1_204,
  statuses: [{ status: 'dead_lettered', count: 1_204 }],
  outcomes: [
    { outcome: 'http_status', count: 1_180 },
    { outcome: 'timeout', count: 24 },
  ],
  oldestAt: '2026-03-01T22:41:07.310Z',
  changedAt: '2026-03-02T09:15:00.612Z',
};

export const attemptExample: AttemptView = {
  id: attemptId,
  delivery: deliveryId,
  round: 1,
  number: 1,
  probe: false,
  reconnected: false,
  startedAt: '2026-03-02T09:15:00.473Z',
  request: {
    method: 'POST',
    url: 'https://hooks.example.com/orders',
    headers: [
      ['host', 'hooks.example.com'],
      ['connection', 'keep-alive'],
      ['x-shop', '***'],
      ['authorization', 'Bearer ***'],
      ['content-type', 'application/json'],
      ['webhook-id', eventId],
      ['webhook-timestamp', '1772442900'],
      ['posthorn-delivery', deliveryId],
      ['posthorn-attempt', '1'],
      ['webhook-signature', 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4='],
      ['accept-encoding', 'identity'],
      ['user-agent', 'Posthorn/1.0.0'],
      ['content-length', '121'],
    ],
    body: { bytes: 121, sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' },
    tls: null,
  },
  outcome: 'accepted',
  message: 'HTTP 200 from hooks.example.com, 122 ms',
  status: 200,
  headers: [['content-type', 'application/json']],
  body: '{"ok":true}',
  bodyTruncated: false,
  address: '203.0.113.10',
  timings: { dnsMs: 2.1, connectMs: 11.4, tlsMs: 24.9, firstByteMs: 118.3, totalMs: 121.7 },
};

export const attemptDetailsExample: AttemptDetails = {
  ...attemptExample,
  sentBody: {
    state: 'exact',
    text: '{"type":"order.created","timestamp":"2026-03-02T09:15:00.224Z","data":{"orderId":"1001","total":99.9,"currency":"EUR"}}',
    truncated: false,
  },
  signature: { verdict: 'valid', message: 'The signature is valid for the secret that is in use now.', why: null, endsAt: null },
};
