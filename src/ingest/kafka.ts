// Takes in the messages of Kafka topics. The offset of a message is committed after its event is, or after it stands in
// the dead-letter topic. A message that comes again is a duplicate, not a second event.
import { once } from 'node:events';
import type { Message as KafkaMessage, MessagesStream, Producer } from '@platformatic/kafka';
import type { IngestConfig } from '#config/ingest';
import { orAborted } from '#runtime/aborted';
import type { Logger } from '#runtime/logger';
import { within } from '#runtime/within';
import { workInChains } from './chains.ts';
import type { Mapping } from './event-message.ts';
import { type DeadLetterHeaders, orderOf, takeIn } from './intake.ts';
import { readKafkaMessage } from './kafka-message.ts';
import type { Poster } from './poster.ts';

export interface KafkaIntake {
  config: IngestConfig;
  poster: Poster;
  mapping: Mapping;
  log: Logger;
}

type Stream = MessagesStream<Buffer, Buffer, Buffer, Buffer>;

const messagesForEach = 4;
/** A client that leaves its group tells the brokers, which may be silent. */
const closeWithinMs = 5_000;
const clientId = 'posthorn-ingest';
/** So long after the death of a process another one gets its partitions. */
const group = { sessionTimeout: 6_000, heartbeatInterval: 1_500 };

/** Works until the signal is aborted. Throws when the brokers are lost; then it may be called again. */
export async function consumeKafka(intake: KafkaIntake, signal: AbortSignal): Promise<void> {
  const { config, log } = intake;
  const { Consumer, Producer } = await import('@platformatic/kafka');
  const connection = { clientId, bootstrapBrokers: config.POSTHORN_INGEST_KAFKA_BROKERS ?? [], ...securityOf(config) };
  const consumer = new Consumer({ ...connection, ...group, groupId: config.POSTHORN_INGEST_KAFKA_GROUP });
  const producer = new Producer({ ...connection, autocreateTopics: true });
  try {
    const topics = config.POSTHORN_INGEST_KAFKA_TOPICS ?? [];
    const atMost = config.POSTHORN_INGEST_CONCURRENCY * messagesForEach;
    const options = { topics, autocommit: false, mode: 'committed', fallbackMode: 'earliest', highWaterMark: atMost } as const;
    // with silent brokers it takes minutes to fail
    const stream = await orAborted(consumer.consume(options), signal);
    if (!stream) return;
    // without a listener an error between two reads would end the process
    stream.on('error', () => undefined);
    log.info({ topics }, 'ingest.consuming');
    for (let batch = await read(stream, atMost, signal); batch.length > 0; batch = await read(stream, atMost, signal)) {
      const { topics: known } = await consumer.metadata({ topics });
      await takeBatch(intake, batch, producer, (topic) => known.get(topic)?.id ?? topic, signal);
    }
  } finally {
    const closed = [consumer, producer].map((one) => one.close(true).catch((error) => log.debug({ err: error }, 'ingest.not_closed')));
    await within(closeWithinMs, Promise.all(closed));
  }
}

function securityOf(config: IngestConfig) {
  const {
    POSTHORN_INGEST_KAFKA_SASL: mechanism,
    POSTHORN_INGEST_KAFKA_USERNAME: username,
    POSTHORN_INGEST_KAFKA_PASSWORD: password,
  } = config;
  return {
    ...(config.POSTHORN_INGEST_KAFKA_TLS === 'true' && { tls: {} }),
    ...(mechanism !== undefined && { sasl: { mechanism, ...(username && { username }), ...(password && { password }) } }),
  };
}

/** Resolves to at least one message, or to none when the signal is aborted. */
async function read(stream: Stream, atMost: number, signal: AbortSignal): Promise<KafkaMessage[]> {
  while (!signal.aborted) {
    if (stream.errored) throw stream.errored;
    if (stream.destroyed) throw new Error('the stream of messages was closed');
    const batch: KafkaMessage[] = [];
    for (let next = stream.read(); next !== null; next = batch.length < atMost ? stream.read() : null) batch.push(next);
    if (batch.length > 0) return batch;
    const ended = new AbortController();
    const either = AbortSignal.any([signal, ended.signal]);
    await Promise.race([once(stream, 'readable', { signal: either }), once(stream, 'close', { signal: either })]).catch((error) => {
      if (!signal.aborted) throw error;
    });
    ended.abort();
  }
  return [];
}

/** Takes a batch in, and commits what of it is decided. */
async function takeBatch(
  { config, poster, mapping, log }: KafkaIntake,
  batch: KafkaMessage[],
  producer: Producer,
  topicId: (topic: string) => string,
  signal: AbortSignal,
): Promise<void> {
  const decided = new Set<KafkaMessage>();
  const { POSTHORN_INGEST_KAFKA_KEY: keyIs, POSTHORN_INGEST_CONCURRENCY: atOnce } = config;
  const items = batch.map((message) => ({ message, event: readKafkaMessage(message, topicId(message.topic), keyIs, mapping) }));
  const take = async ({ message, event }: (typeof items)[number]) => {
    const source = `${message.topic}/${message.partition}/${message.offset}`;
    const deadLetter = (headers: DeadLetterHeaders) => sendDeadLetter(producer, message, headers, config);
    const isDecided = await takeIn(event, { poster, log, source, signal, deadLetter });
    if (isDecided) decided.add(message);
    return isDecided;
  };
  try {
    await workInChains(items, ({ event }) => orderOf(event), atOnce, take);
  } finally {
    await Promise.all(lastDecided(batch, decided).map((message) => message.commit()));
  }
}

async function sendDeadLetter(
  producer: Producer,
  { topic, key, value, headers }: KafkaMessage,
  more: DeadLetterHeaders,
  config: IngestConfig,
) {
  const added = Object.entries(more).map(([name, text]) => [Buffer.from(name), Buffer.from(text)] as const);
  const deadTopic = config.POSTHORN_INGEST_KAFKA_DEAD_LETTER_TOPIC ?? `${topic}.posthorn-dead-letter`;
  const letter = { topic: deadTopic, headers: new Map([...headers, ...added]), ...(key && { key }), ...(value && { value }) };
  // -1: all replicas in sync have it
  await producer.send({ messages: [letter], acks: -1 });
}

/** Of each partition the last message before the first undecided one: a commit covers all messages up to its own. */
function lastDecided(batch: KafkaMessage[], decided: ReadonlySet<KafkaMessage>): KafkaMessage[] {
  const last = new Map<string, KafkaMessage>();
  const ended = new Set<string>();
  for (const message of batch) {
    const partition = `${message.topic}/${message.partition}`;
    if (!decided.has(message)) ended.add(partition);
    else if (!ended.has(partition)) last.set(partition, message);
  }
  return [...last.values()];
}
