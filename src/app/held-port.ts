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
  #held: Listening | null;

  private constructor(host: string, held: Listening) {
    this.#host = host;
    this.#held = held;
    this.port = (held.http.address() as AddressInfo).port;
    this.origin = held.origin;
  }

  /** Throws a ConfigError if the port is already in use. */
  static async open({ HOST, PORT, POSTHORN_PUBLIC_URL }: Config): Promise<HeldPort> {
    return new HeldPort(HOST, await listen(HOST, PORT, POSTHORN_PUBLIC_URL));
  }

  /** The port is free when it returns. Connections in progress may end. */
  release(): void {
    if (this.#held) void close(this.#held.http);
    this.#held = null;
  }

  /** Holds the port again: all processes behind it have ended. */
  async hold(log: Logger): Promise<void> {
    try {
      this.#held ??= await listen(this.#host, this.port, undefined);
    } catch (error) {
      log.warn({ err: error }, 'processes.port_not_held');
    }
  }
}
