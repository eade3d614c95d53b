// Takes in the messages of a queue of RabbitMQ. A message is acknowledged after its event is committed, or after it
// stands in the dead-letter queue. A message that comes again is a duplicate, not a second event.
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { IngestConfig } from '#config/ingest';
import { orAborted, untilAborted } from '#runtime/aborted';
import type { Logger } from '#runtime/logger';
import { readAmqpMessage } from './amqp-message.ts';
import { DeadLetterQueue } from './dead-letter-queue.ts';
import type { Mapping, PostableEvent, Unreadable } from './event-message.ts';
import { orderOf, takeIn } from './intake.ts';
import type { Poster } from './poster.ts';

export interface AmqpIntake {
  config: IngestConfig;
  poster: Poster;
  mapping: Mapping;
  log: Logger;
}

/** For each step of the connection. Without it, a broker that accepts connections and is silent would never be lost. */
const socket = { timeout: 10_000, keepAlive: true, keepAliveDelay: 10_000 };

/** Works until the signal is aborted. Throws when the broker is lost; then it may be called again. */
export async function consumeAmqp(intake: AmqpIntake, signal: AbortSignal): Promise<void> {
  const { config, log } = intake;
  const connection = await open(config.POSTHORN_INGEST_AMQP_URL ?? '', signal);
  if (!connection) return;
  const session = new AmqpSession(intake, connection, signal);
  try {
    await session.run(config.POSTHORN_INGEST_AMQP_QUEUE ?? '');
  } finally {
    await session.settled();
    await close(connection).catch((error) => log.debug({ err: error }, 'ingest.not_closed'));
  }
}

/** Null: the signal was aborted first. */
async function open(url: string, signal: AbortSignal): Promise<ChannelModel | null> {
  const { connect } = await import('amqplib');
  const connecting = connect(url, { ...socket, clientProperties: { connection_name: 'posthorn ingest' } });
  const connection = await orAborted(connecting, signal);
  // nobody waits for the one that comes late
  if (!connection) connecting.then(close).catch(() => undefined);
  return connection;
}

/** Rejects where the library throws: when the connection is closed already. */
async function close(connection: ChannelModel): Promise<void> {
  await connection.close();
}

/** One connection: what it has delivered can only be acknowledged on it. */
class AmqpSession {
  readonly #intake: AmqpIntake;
  readonly #connection: ChannelModel;
  /** Aborted when the command stops or the connection is lost. */
  readonly #ended: AbortSignal;
  readonly #lost = new AbortController();
  readonly #stop: AbortSignal;
  /** The last work for each ordering key. */
  readonly #tails = new Map<string, Promise<void>>();
  readonly #working = new Set<Promise<void>>();

  constructor(intake: AmqpIntake, connection: ChannelModel, stop: AbortSignal) {
    this.#intake = intake;
    this.#connection = connection;
    this.#stop = stop;
    this.#ended = AbortSignal.any([stop, this.#lost.signal]);
    connection.on('error', this.#onLost).on('close', this.#onLost);
  }

  readonly #onLost = (error?: unknown) => this.#lost.abort(error ?? new Error('the connection was closed'));

  /** Resolves when the command stops. Throws what ended the connection. */
  async run(queue: string): Promise<void> {
    const { config, log } = this.#intake;
    const deadLetters = await DeadLetterQueue.open(
      this.#connection,
      config.POSTHORN_INGEST_AMQP_DEAD_LETTER_QUEUE ?? `${queue}.posthorn-dead-letter`,
    );
    deadLetters.channel.on('error', this.#onLost).on('close', this.#onLost);
    const channel = await this.#connection.createChannel();
    channel.on('error', this.#onLost).on('close', this.#onLost);
    await channel.prefetch(config.POSTHORN_INGEST_CONCURRENCY);
    const { consumerTag } = await channel.consume(queue, (message) => this.#receive(channel, deadLetters, message));
    log.info({ queue }, 'ingest.consuming');
    await untilAborted(this.#ended);
    if (!this.#stop.aborted) throw this.#lost.signal.reason;
    await channel.cancel(consumerTag);
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#working);
  }

  #receive(channel: Channel, deadLetters: DeadLetterQueue, received: ConsumeMessage | null): void {
    if (received === null) {
      this.#onLost(new Error('the queue was deleted'));
      return;
    }
    const { mapping, config } = this.#intake;
    const event = readAmqpMessage(received, mapping, config.POSTHORN_INGEST_AMQP_WITHOUT_ID);
    const order = orderOf(event);
    const before = order === null ? undefined : this.#tails.get(order);
    const work = (before ?? Promise.resolve()).then(() => this.#take(channel, deadLetters, received, event)).catch(this.#onLost);
    this.#working.add(work);
    if (order !== null) this.#tails.set(order, work);
    void work.finally(() => {
      this.#working.delete(work);
      if (order !== null && this.#tails.get(order) === work) this.#tails.delete(order);
    });
  }

  async #take(channel: Channel, deadLetters: DeadLetterQueue, received: ConsumeMessage, event: PostableEvent | Unreadable): Promise<void> {
    if (this.#ended.aborted) return;
    const { poster, log, config } = this.#intake;
    const isDecided = await takeIn(event, {
      poster,
      log,
      source: `${config.POSTHORN_INGEST_AMQP_QUEUE} ${String(received.properties.messageId ?? '')}`.trim(),
      signal: this.#ended,
      deadLetter: (headers) => deadLetters.send(received, headers),
    });
    // what is not acknowledged goes back to the queue with the end of the connection
    if (isDecided && !this.#lost.signal.aborted) channel.ack(received);
  }
}
