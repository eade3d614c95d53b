// LISTEN on one connection for all channels of a process. It is opened for the first subscription, opened again when it is
// lost, and closed with the last.
import type { Notification, PoolClient } from 'pg';
import type { Logger } from '#runtime/logger';
import type { Db } from './pool.ts';

const againMs = 2_000;

export type Channel = 'posthorn_outbox' | 'posthorn_producer' | 'posthorn_catalogue' | 'posthorn_listen';
/** Receives the payload of each notification, and '' after each connect, because some may have been missed before it. */
export type OnMessage = (word: string) => void;

export interface Listener {
  /** Until the returned function is called. `onLost`: notifications are missed from now on, until the next ''. */
  on(channel: Channel, onMessage: OnMessage, onLost?: () => void): () => void;
}

interface Subscriber {
  channel: Channel;
  onMessage: OnMessage;
  onLost: (() => void) | undefined;
}

export function createListener(db: Db, log: Logger): Listener {
  const connection = new ListeningConnection(db, log);
  return { on: (channel, onMessage, onLost) => connection.add({ channel, onMessage, onLost }) };
}

class ListeningConnection {
  readonly #db: Db;
  readonly #log: Logger;
  readonly #subscribers = new Set<Subscriber>();
  #client: PoolClient | undefined;
  #connecting = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(db: Db, log: Logger) {
    this.#db = db;
    this.#log = log;
  }

  add(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber);
    if (this.#client) void this.#listen(this.#client, subscriber);
    else void this.#connect();
    return () => {
      this.#subscribers.delete(subscriber);
      if (this.#subscribers.size > 0) return;
      clearTimeout(this.#timer);
      this.#release();
    };
  }

  async #connect(): Promise<void> {
    if (this.#connecting || this.#client) return;
    clearTimeout(this.#timer);
    this.#connecting = true;
    try {
      const opened = await this.#db.connect();
      if (this.#subscribers.size === 0) return opened.release(true);
      this.#client = opened;
      opened.on('notification', this.#onNotification);
      opened.once('error', () => this.#lost(opened));
      opened.once('end', () => this.#lost(opened));
      for (const subscriber of this.#subscribers) void this.#listen(opened, subscriber);
    } catch (error) {
      this.#log.debug({ err: error }, 'listen.failed');
      this.#connectLater();
    } finally {
      this.#connecting = false;
    }
  }

  readonly #onNotification = ({ channel, payload }: Notification) => {
    for (const subscriber of this.#subscribers) if (subscriber.channel === channel) subscriber.onMessage(payload ?? '');
  };

  async #listen(client: PoolClient, subscriber: Subscriber): Promise<void> {
    try {
      await client.query(`listen ${subscriber.channel}`);
      if (this.#client === client && this.#subscribers.has(subscriber)) subscriber.onMessage('');
    } catch (error) {
      this.#log.debug({ err: error }, 'listen.failed');
      this.#lost(client);
    }
  }

  #lost(client: PoolClient): void {
    if (this.#client !== client) return;
    this.#release();
    for (const { onLost } of this.#subscribers) onLost?.();
    this.#connectLater();
  }

  #release(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.removeListener('notification', this.#onNotification);
    client?.release(true);
  }

  #connectLater(): void {
    clearTimeout(this.#timer);
    if (this.#subscribers.size > 0) this.#timer = setTimeout(() => void this.#connect(), againMs).unref();
  }
}
