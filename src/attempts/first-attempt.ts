// A first attempt that is to be made ahead of its dispatch, and the row it will have.

import type { EndpointSnapshot } from '#db/endpoints/tenant-endpoints';
import type { NewHeld } from '#db/lanes/parking';
import { deliveryId } from '#domain/ids';

export interface FirstEvent {
  eventId: string;
  tenantId: string;
  eventType: string;
  /** The producer's id of the event. */
  externalId: string;
  /** As it was posted, or sealed: as it was read from the store. */
  body: Uint8Array;
  expiresAt: Date | null;
  /** By the monotonic clock of this process; null: another one accepted it. */
  acceptedHereMs: number | null;
}

export interface FirstAttempt {
  event: FirstEvent;
  endpointId: string;
  endpointLimit: number | null;
  /** The endpoint as it is known right before the POST; undefined: it is gone. */
  endpoint(): EndpointSnapshot | undefined;
  /** What `endpoint` says is of the last seconds. */
  isFresh(): boolean;
  /** False: this process has lost the event, and neither posts nor writes. */
  mayPost(): boolean;
  /** The delivery's row is written: for good, or for a workflow to carry on. One that is parked needs none. Not called for one that was dropped. */
  written(as: 'final' | 'open'): void;
}

/** Of its delivery. */
export function idOf({ event, endpointId }: FirstAttempt): string {
  return deliveryId(event.eventId, endpointId);
}

export function isExpired({ expiresAt }: FirstEvent): boolean {
  return expiresAt !== null && expiresAt.getTime() <= Date.now();
}

/** As it is written before any attempt. */
export function toRow(job: FirstAttempt): NewHeld {
  const { eventId, tenantId, eventType, expiresAt } = job.event;
  return { deliveryId: idOf(job), eventId, endpointId: job.endpointId, tenantId, eventType, expiresAt };
}
