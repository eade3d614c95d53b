// Turns a posted event into what is stored: the bytes of the body, and a hash of its content.
// Two events have the same hash only if their content is the same.
import { hash } from 'node:crypto';
import type { EventToAccept } from '#db/events/acceptance';
import { type NewEvent, normalInstant, standardBody } from '#domain/events/event';
import type { TraceContext } from '#domain/events/trace-context';

export interface PostedEvent {
  event: NewEvent;
  /** The JSON text of `data`, as the producer sent it. */
  dataText: string;
  /** The internal id. Not used if the event is a duplicate. */
  eventId: string;
  nowMs: number;
  onlyEndpointId?: string | null;
  trace: TraceContext | null;
}

export function eventToAccept({ event, dataText, eventId, nowMs, onlyEndpointId = null, trace }: PostedEvent): EventToAccept {
  const { type, id, channels = [], orderingKey = null, coalesceKey = null, version = null, subject = null } = event;
  const occurredAt = event.occurredAt === undefined ? null : normalInstant(event.occurredAt);
  const deliverAt = event.deliverAt === undefined ? null : normalInstant(event.deliverAt);
  const expiresAt = event.expiresAt === undefined ? null : normalInstant(event.expiresAt);
  const bodyTimestamp = occurredAt ?? new Date(nowMs).toISOString();
  // an event without coalesceKey or subject must hash as it did before these fields existed
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
  // the JSON has no bare line feed, so the text before `data` is unambiguous
  const contentHash = hash('sha256', `${JSON.stringify(head)}\n${dataText}`, 'buffer');
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
    onlyEndpointId,
    trace,
  };
}
