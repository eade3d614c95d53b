// A first attempt that a relay makes before the dispatch, and the row that its delivery will have.
import type { NewDelivery } from '#db/deliveries/new-delivery';
import type { EndpointSnapshot } from '#db/endpoints/tenant-endpoints';
import type { TraceContext } from '#domain/events/trace-context';
import { deliveryId } from '#domain/ids';

export interface FirstEvent {
  eventId: string;
  tenantId: string;
  eventType: string;
  /** The producer's id of the event. */
  externalId: string;
  /** As the producer posted it, or encrypted as it was read from PostgreSQL. */
  body: Uint8Array;
  /** The version of the event type that the event names. */
  version: number | null;
  expiresAt: Date | null;
  /** By the monotonic clock of this process; null: another process accepted it. */
  acceptedHereMs: number | null;
  trace: TraceContext | null;
}

export interface FirstAttempt {
  event: FirstEvent;
  endpointId: string;
  endpointLimit: number | null;
  /** The cached endpoint, read right before the POST; undefined: it was deleted. */
  endpoint(): EndpointSnapshot | undefined;
  /** The cache behind `endpoint` is at most a few seconds old. */
  isFresh(): boolean;
  /** False: the relay has lost its lease on the event, and neither posts nor writes. */
  mayPost(): boolean;
  /** Its workflow follows, whatever the outcome: its place in the budget was granted. */
  hasWorkflow: boolean;
}

/** The id of the delivery. */
export function idOf({ event, endpointId }: FirstAttempt): string {
  return deliveryId(event.eventId, endpointId);
}

export function isExpired({ expiresAt }: FirstEvent): boolean {
  return expiresAt !== null && expiresAt.getTime() <= Date.now();
}

/** The row before any attempt. */
export function toRow(job: FirstAttempt): NewDelivery {
  const { eventId, tenantId, eventType, expiresAt } = job.event;
  return { deliveryId: idOf(job), eventId, endpointId: job.endpointId, tenantId, eventType, expiresAt };
}
