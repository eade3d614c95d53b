// The event of a message of RabbitMQ.
import { randomUUID } from 'node:crypto';
import type { ConsumeMessage } from 'amqplib';
import type { IngestConfig } from '#config/ingest';
import { eventIdOf, headerOf, type Mapping, type PostableEvent, readMessage, Unreadable } from './event-message.ts';

type WithoutId = IngestConfig['POSTHORN_INGEST_AMQP_WITHOUT_ID'];

export function readAmqpMessage(
  { content, properties }: ConsumeMessage,
  mapping: Mapping,
  withoutId: WithoutId,
): PostableEvent | Unreadable {
  const headers = Object.fromEntries(Object.entries(properties.headers ?? {}).map(([name, value]) => [name, textOf(value)]));
  const { messageId, type } = properties as { messageId?: string; type?: string };
  const idHeader = mapping.headers.id ?? headerOf('id');
  if (!messageId && headers[idHeader] === undefined && withoutId === 'refuse')
    return new Unreadable(`The message has no id: it has neither a message-id nor a header ${idHeader}. RabbitMQ may deliver it twice.`);
  // without an id of its own, at least our own retries are duplicates
  const id = messageId ? eventIdOf('amqp', messageId) : `amqp_${randomUUID()}`;
  return readMessage({ headers, body: content, known: { id, ...(type && { type }) } }, mapping);
}

/** Null: not text. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  return Buffer.isBuffer(value) ? value.toString() : null;
}
