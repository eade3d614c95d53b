// The port that several processes share. The primary holds it while none of them has opened it, so that the address is
// known early, clients get 503 with Retry-After, and no other program takes it.
import type { AddressInfo } from 'node:net';
import type { Config } from '#config/config';
import type { Logger } from '#runtime/logger';
import { close, type Listening, listen } from './listening.ts';

export class HeldPort {
  readonly port: number;
  readonly origin: string;
  readonly #host: string;
  #held: Promise<Listening | null>;

  private constructor(host: string, held: Listening) {
    this.#host = host;
    this.#held = Promise.resolve(held);
    this.port = (held.http.address() as AddressInfo).port;
    this.origin = held.origin;
  }

  /** Throws a ConfigError if the port is already in use. */
  static async open({ HOST, PORT, POSTHORN_PUBLIC_URL }: Config): Promise<HeldPort> {
    return new HeldPort(HOST, await listen(HOST, PORT, POSTHORN_PUBLIC_URL));
  }

  /** The port is free when it resolves. Connections in progress may end. */
  async release(): Promise<void> {
    const held = await this.#held;
    this.#held = Promise.resolve(null);
    if (held) void close(held.http);
  }

  /** Holds the port again: all processes behind it have ended. */
  hold(log: Logger): void {
    this.#held = this.#held.then((held) => held ?? this.#listen(log));
  }

  async #listen(log: Logger): Promise<Listening | null> {
    try {
      return await listen(this.#host, this.port, undefined);
    } catch (error) {
      log.warn({ err: error }, 'processes.port_not_held');
      return null;
    }
  }
}
