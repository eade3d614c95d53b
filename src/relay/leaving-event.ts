// The type of an event on its way from the outbox into a dispatch.
import type { OwnedEvent } from '#db/events/outbox';
import { newId } from '#runtime/new-id';
import type { DispatchRef } from '#temporal/starter';

/** The fields of an event that its dispatch needs. */
export interface LeavingEvent extends Pick<OwnedEvent, 'eventId' | 'tenantId' | 'tenant' | 'eventType'> {
  /** Its first attempts cannot be made before its dispatch. */
  needsDispatch: boolean;
}

/** One dispatch for these events, under a new id. */
export function toDispatch(events: LeavingEvent[]): DispatchRef {
  const [first] = events;
  return {
    dispatchId: newId('dsp'),
    events: events.length,
    tenants: new Set(events.map((event) => event.tenantId)).size,
    tenant: first?.tenant ?? '',
    eventType: first?.eventType ?? '',
  };
}
