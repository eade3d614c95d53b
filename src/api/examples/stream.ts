// Example of the live stream for the OpenAPI document.
import type { ChangedDelivery, ChangedEndpoint } from '#domain/views/stream-view';
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

const endpoint: ChangedEndpoint = { id: endpointId, tenant: tenantId, status: 'paused', changedAt: '2026-03-02T09:10:50.911Z' };

export const streamExample = `event: delivery\ndata: ${JSON.stringify(delivery)}\n\nevent: endpoint\ndata: ${JSON.stringify(endpoint)}\n\nid: phb4n2q81xc\n\n`;
