// Makes of a producer's event what is stored: the body's bytes, and a hash that tells the same content from other content.
import { createHash } from 'node:crypto';
import type { EventToAccept } from '#db/events/acceptance';
import { type NewEvent, normalInstant, standardBody } from '#domain/event';

export interface PostedEvent {
  event: NewEvent;
  /** The producer's own text of `data`. */
  dataText: string;
  /** The internal id, should the event be new. */
  eventId: string;
  nowMs: number;
  onlyEndpointId?: string;
}

export function eventToAccept({ event, dataText, eventId, nowMs, onlyEndpointId }: PostedEvent): EventToAccept {
  const { type, id, channels = [], orderingKey = null, coalesceKey = null, version = null, subject = null } = event;
  const occurredAt = event.occurredAt === undefined ? null : normalInstant(event.occurredAt);
  const deliverAt = event.deliverAt === undefined ? null : normalInstant(event.deliverAt);
  const expiresAt = event.expiresAt === undefined ? null : normalInstant(event.expiresAt);
  const bodyTimestamp = occurredAt ?? new Date(nowMs).toISOString();
  // one without coalesceKey or subject keeps the hash it had before there were such
  const head = [
    type,
    channels.toSorted(),
    orderingKey,
    version,
    occurredAt,
    deliverAt,
    expiresAt,
    ...(coalesceKey === null ? [] : [coalesceKey]),
    ...(subject === null ? [] : [{ subject }]),
  ];
  // JSON has no bare line feed, so no other content has this text before its data
  const contentHash = createHash('sha256')
    .update(`${JSON.stringify(head)}\n`)
    .update(dataText)
    .digest();
  return {
    eventId,
    externalId: id ?? eventId,
    type,
    channels,
    body: Buffer.from(standardBody(type, bodyTimestamp, dataText)),
    bodyTimestamp,
    contentHash,
    orderingKey,
    coalesceKey,
    subject,
    version,
    deliverAt,
    expiresAt,
    onlyEndpointId: onlyEndpointId ?? null,
  };
}
