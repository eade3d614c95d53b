// Examples of events for the OpenAPI document.
import type { z } from 'zod';
import type { acceptedBatch, acceptedEvent, EventSummary, newBatch, newEvent } from '#domain/events/event';
import { eventId, tenantId } from './ids.ts';

export const newEventExample: z.input<typeof newEvent> = {
  type: 'order.created',
  id: 'order-1001-created',
  data: { orderId: '1001', total: 99.9, currency: 'EUR' },
};

export const acceptedEventExample: z.infer<typeof acceptedEvent> = { id: 'order-1001-created', duplicate: false };

export const newBatchExample: z.input<typeof newBatch> = {
  events: [
    { type: 'order.created', id: 'order-1001-created', data: { orderId: '1001', total: 99.9 } },
    { type: 'order.paid', id: 'order-1001-paid', data: { orderId: '1001' } },
  ],
};

export const acceptedBatchExample: z.infer<typeof acceptedBatch> = {
  results: [
    { id: 'order-1001-created', duplicate: true },
    { id: 'order-1001-paid', duplicate: false },
  ],
};

export const eventExample: EventSummary = {
  id: eventId,
  tenant: tenantId,
  type: 'order.created',
  channels: [],
  orderingKey: null,
  coalesceKey: null,
  version: null,
  timestamp: '2026-03-02T09:15:00.000Z',
  deliverAt: null,
  expiresAt: null,
  onlyEndpoint: null,
  acceptedAt: '2026-03-02T09:15:00.224Z',
  erasedAt: null,
  recalledAt: null,
};
