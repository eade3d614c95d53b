// The queue of RabbitMQ for messages that Posthorn refused, with the reason in headers.
import type { ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import type { DeadLetterHeaders } from './intake.ts';

export class DeadLetterQueue {
  readonly channel: ConfirmChannel;
  readonly #queue: string;
  #unroutable = false;
  #last: Promise<void> = Promise.resolve();

  /** Makes the queue if it does not exist, whatever its kind if it does. */
  static async open(connection: ChannelModel, queue: string): Promise<DeadLetterQueue> {
    const exists = await isThere(connection, queue);
    const channel = await connection.createConfirmChannel();
    // without a listener, an error would end the process
    channel.on('error', () => undefined);
    if (!exists) await channel.assertQueue(queue, { durable: true });
    return new DeadLetterQueue(channel, queue);
  }

  private constructor(channel: ConfirmChannel, queue: string) {
    this.channel = channel;
    this.#queue = queue;
    channel.on('return', () => {
      this.#unroutable = true;
    });
  }

  /** Resolves when the broker has stored it. One after the other, so that a returned message is known by its turn. */
  send(message: ConsumeMessage, headers: DeadLetterHeaders): Promise<void> {
    const sent = this.#last.then(() => this.#send(message, headers));
    this.#last = sent.catch(() => undefined);
    return sent;
  }

  async #send({ content, properties }: ConsumeMessage, headers: DeadLetterHeaders): Promise<void> {
    this.#unroutable = false;
    // it must not expire, be refused because another user wrote it, or be routed to the queues of its CC header again
    const { expiration: _expiration, userId: _userId, headers: own, ...kept } = properties;
    const { CC: _cc, ...others } = own ?? {};
    const options = { ...kept, headers: { ...others, ...headers }, persistent: true, mandatory: true };
    await new Promise<void>((resolve, reject) => {
      this.channel.sendToQueue(this.#queue, content, options, (error) => (error ? reject(error) : resolve()));
    });
    if (this.#unroutable) throw new Error(`the queue ${this.#queue} does not exist any more`);
  }
}

/** On a channel of its own: RabbitMQ closes the one on which it says no. */
async function isThere(connection: ChannelModel, queue: string): Promise<boolean> {
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  try {
    await channel.checkQueue(queue);
    await channel.close();
    return true;
  } catch (error) {
    if ((error as { code?: number }).code === 404) return false;
    throw error;
  }
}
