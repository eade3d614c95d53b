// Reads the event of a message of a broker: the body is `data`, headers hold the other fields.
// The bytes of the body become `data` unchanged.
import { createHash } from 'node:crypto';
import { type EventField, eventFields } from '#config/ingest';
import { tenantKey } from '#domain/endpoints/tenant';
import { eventKey, isTestId, maxEventBytes } from '#domain/events/event';

export interface Message {
  /** Header values that are not text are null. */
  headers: Record<string, string | null>;
  body: Uint8Array;
  /** Values that the broker itself knows. A header overrides them. */
  known: Partial<Record<EventField, string>>;
}

export interface Mapping {
  tenant: string | undefined;
  type: string | undefined;
  /** The header of a field, if it is not `posthorn-…`. */
  headers: Partial<Record<EventField, string>>;
}

export interface PostableEvent {
  tenant: string;
  /** Events with the same key are posted one after the other; null: this one with no other. */
  order: string | null;
  /** The JSON to post. */
  body: string;
}

/** A message that no event can be made of. The message of the error is the reason. */
export class Unreadable extends Error {
  override name = 'Unreadable';
}

export function headerOf(field: EventField): string {
  return `posthorn-${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** What the API itself checks is left to the API. */
export function readMessage(message: Message, mapping: Mapping): PostableEvent | Unreadable {
  try {
    return eventOf(message, mapping);
  } catch (error) {
    if (error instanceof Unreadable) return error;
    throw error;
  }
}

function eventOf({ headers, body, known }: Message, mapping: Mapping): PostableEvent {
  const fields: Partial<Record<EventField, string>> = { tenant: mapping.tenant, type: mapping.type, ...known };
  for (const field of eventFields) {
    const name = mapping.headers[field] ?? headerOf(field);
    const value = headers[name];
    if (value === null) throw new Unreadable(`The header ${name} must be text.`);
    if (value !== undefined) fields[field] = value;
  }
  const { tenant, ...rest } = fields;
  if (tenant === undefined) throw new Unreadable(missing('tenant', mapping, 'POSTHORN_INGEST_TENANT'));
  if (rest.type === undefined) throw new Unreadable(missing('type', mapping, 'POSTHORN_INGEST_TYPE'));
  return toPost(tenant, { ...rest, ...listed(rest) }, jsonText(body));
}

const missing = (field: EventField, { headers }: Mapping, setting: string) =>
  `The message has no ${field}: it has no header ${headers[field] ?? headerOf(field)}, and ${setting} is not set.`;

/** Headers are text; these fields are not. */
function listed({ channels, version }: Partial<Record<EventField, string>>): { channels?: string[]; version?: unknown } {
  return {
    ...(channels !== undefined && { channels: channels.split(',').map((channel) => channel.trim()) }),
    ...(version !== undefined && { version: /^\d{1,9}$/.test(version) ? Number(version) : version }),
  };
}

/**
 * `data`: JSON text. Throws Unreadable for a name that is no tenant, which would become a part of a path, and for what is too
 * large: the API may refuse it before it has read it, and such an answer can get lost.
 */
export function toPost(tenant: string, fields: { orderingKey?: unknown }, data: string): PostableEvent {
  if (!tenantKey.safeParse(tenant).success) throw new Unreadable('The tenant is not a valid tenant id.');
  const body = `${JSON.stringify(fields).slice(0, -1)},"data":${data}}`;
  if (Buffer.byteLength(body) > maxEventBytes) throw new Unreadable(`The event is larger than ${maxEventBytes} bytes.`);
  const { orderingKey } = fields;
  return { tenant, order: orderingKey === undefined || orderingKey === null ? null : `${tenant}\n${String(orderingKey)}`, body };
}

/** Throws Unreadable. A body that is not exactly one JSON value could change the other fields. */
function jsonText(body: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    JSON.parse(text);
    return text;
  } catch {
    throw new Unreadable('The body is not JSON in UTF-8.');
  }
}

/** The id of an event made of what identifies its message: the text itself if it can be an id, else a hash of it. */
export function eventIdOf(source: string, text: string): string {
  if (eventKey.safeParse(text).success && !isTestId(text)) return text;
  return `${source}_${hashOf(text)}`;
}

/** An ordering key made of a message's key: the text itself if it can be one, else a hash of it. */
export function orderingKeyOf(text: string): string {
  return /^[\x21-\x7e]{1,128}$/.test(text) ? text : `key_${hashOf(text)}`;
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('base64url');

/** For the field `occurredAt`; undefined for a time that the API would refuse. */
export function instantOf(ms: number): string | undefined {
  return ms >= 0 && ms <= Date.UTC(9999, 0) ? new Date(ms).toISOString() : undefined;
}
