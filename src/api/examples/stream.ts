// Example of the live stream for the OpenAPI document.
import type { ChangedDelivery } from '#domain/views/stream-view';
import { deliveryId, endpointId, eventId, tenantId } from './ids.ts';

const delivery: ChangedDelivery = {
  id: deliveryId,
  event: eventId,
  eventType: 'order.created',
  tenant: tenantId,
  endpoint: endpointId,
  host: 'api.example.com',
  status: 'succeeded',
  round: 1,
  attempts: 1,
  nextAttemptAt: null,
  lastOutcome: 'accepted',
  lastMessage: 'HTTP 200 from api.example.com, 46 ms',
  lastStatus: 200,
  createdAt: '2026-03-02T09:10:50.620Z',
  updatedAt: '2026-03-02T09:10:50.702Z',
};

export const streamExample = `event: delivery\ndata: ${JSON.stringify(delivery)}\n\nid: phb4n2q81xc\n\n`;
