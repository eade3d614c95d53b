// An event on its way from the outbox into a dispatch.
import type { OwnedEvent } from '#db/events/outbox';

/** What a dispatch has to know of an event. */
export interface LeavingEvent extends Pick<OwnedEvent, 'eventId' | 'tenantId' | 'tenant' | 'eventType'> {
  /** Its first attempts cannot be made ahead of its dispatch. */
  needsDispatch: boolean;
}
