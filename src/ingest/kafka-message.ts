// The event of a Kafka message.
import type { Message as KafkaMessage } from '@platformatic/kafka';
import type { IngestConfig } from '#config/ingest';
import { eventIdOf, instantOf, type Mapping, orderingKeyOf, type PostableEvent, readMessage, Unreadable } from './event-message.ts';

/**
 * `topicId`: the UUID that Kafka gave the topic. With the offset it identifies the message, also after a topic of the same
 * name was made again.
 */
export function readKafkaMessage(
  { key, value, headers, partition, offset, timestamp }: KafkaMessage,
  topicId: string,
  keyIs: IngestConfig['POSTHORN_INGEST_KAFKA_KEY'],
  mapping: Mapping,
): PostableEvent | Unreadable {
  if (!value) return new Unreadable('The message has no value.');
  const keyText = key && key.length > 0 ? key.toString() : undefined;
  const id = keyIs === 'id' && keyText !== undefined ? eventIdOf('kafka', keyText) : undefined;
  const known = {
    id: id ?? `kafka_${topicId}_${partition}_${offset}`,
    ...(keyIs === 'ordering' && keyText !== undefined && { orderingKey: orderingKeyOf(keyText) }),
    // a message that is sent again with its id has another time, and would not be the same event
    ...(id === undefined && { occurredAt: instantOf(Number(timestamp)) }),
  };
  return readMessage({ headers: textsOf(headers), body: value, known }, mapping);
}

function textsOf(headers: KafkaMessage['headers']): Record<string, string | null> {
  return Object.fromEntries([...headers].map(([name, text]) => [name.toString(), text?.toString() ?? null]));
}
