// Which events may start the workflow of their only delivery in place of a dispatch's.
import { expect, it } from 'vitest';
import type { EndpointSnapshot } from '#db/endpoints/tenant-endpoints';
import type { OwnedEvent } from '#db/events/outbox';
import { deliveryId } from '#domain/ids';
import { leavingIndividually } from '#relay/prepare-event';
import { newId } from '#runtime/new-id';

const eventId = newId('evt');
const endpoint = () => ({ endpointId: newId('ep'), host: 'consumer.example' }) as EndpointSnapshot;
const event = (mayBeBegun: boolean) =>
  ({ eventId, tenantId: newId('tnt'), tenant: 'acme', eventType: 'order.created', mayBeBegun }) as OwnedEvent;
const route = (...direct: EndpointSnapshot[]) => ({ kind: 'deliver' as const, lane: [], direct, filteredOut: 0 });

it('an event that this process has just accepted, with one delivery that needs a workflow', () => {
  const one = endpoint();
  expect(leavingIndividually(event(false), route(one)).only?.deliveryId).toBe(deliveryId(eventId, one.endpointId));
  expect(leavingIndividually(event(false), route(one, endpoint())).only).toBeUndefined();
});

it('not one that may be begun: its other deliveries may have rows and no workflows, which only a dispatch starts', () => {
  expect(leavingIndividually(event(true), route(endpoint())).only).toBeUndefined();
});
