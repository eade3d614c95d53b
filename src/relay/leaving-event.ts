// The type of an event on its way from the outbox into a dispatch.
import type { OwnedEvent } from '#db/events/outbox';

/** The fields of an event that its dispatch needs. */
export interface LeavingEvent extends Pick<OwnedEvent, 'eventId' | 'tenantId' | 'tenant' | 'eventType'> {
  /** Its first attempts cannot be made before its dispatch. */
  needsDispatch: boolean;
}
