// A delivery that has no row yet, and its columns as the statements that insert such rows take them.
import { uuidOf } from '#domain/ids';

export interface NewDelivery {
  deliveryId: string;
  eventId: string;
  endpointId: string;
  tenantId: string;
  eventType: string;
  expiresAt: Date | null;
}

/** Of `$1` to `$6`: id, event, endpoint, tenant, event type and time of expiry, each an array. */
export function newDeliveryValues(deliveries: readonly NewDelivery[]): unknown[] {
  return [
    deliveries.map(({ deliveryId }) => uuidOf(deliveryId)),
    deliveries.map(({ eventId }) => uuidOf(eventId)),
    deliveries.map(({ endpointId }) => uuidOf(endpointId)),
    deliveries.map(({ tenantId }) => uuidOf(tenantId)),
    deliveries.map(({ eventType }) => eventType),
    deliveries.map(({ expiresAt }) => expiresAt),
  ];
}
