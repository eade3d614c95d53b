// The port of several processes. The primary accepts the connections, reads nothing of them, and gives them to the
// processes in turn. What if a process ends before it has taken one? Another one gets it. Without a process: 503.
import { createServer, type Server, type Socket } from 'node:net';
import type { Config } from '#config/config';
import { Fifo } from '#domain/fifo';
import { bind, createHttp, localOrigin, originOf } from './listening.ts';

/** A process that serves connections. */
export interface Taker {
  /** Resolves to true when it has the connection, to false if it will not serve it. Never rejects. */
  take(socket: Socket): Promise<boolean>;
}

export class SharedPort {
  readonly #server: Server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket));
  readonly #starting = createHttp().http;
  readonly #takers = new Set<Taker>();
  /** Those that are not taking a connection at the moment: one that is stuck holds up one connection. */
  readonly #free: Taker[] = [];
  readonly #waiting = new Fifo<Socket>();
  port = 0;
  origin = '';

  private constructor() {
    // begins to enforce its time limits, which a server that does not listen does not
    this.#starting.emit('listening');
  }

  /** Throws a ConfigError if the port is already in use. */
  static async open({ HOST, PORT, POSTHORN_PUBLIC_URL }: Config): Promise<SharedPort> {
    const shared = new SharedPort();
    shared.port = await bind(shared.#server, HOST, PORT, 'PORT');
    shared.origin = originOf(POSTHORN_PUBLIC_URL, localOrigin(HOST, shared.port));
    return shared;
  }

  join(taker: Taker): void {
    this.#takers.add(taker);
    this.#free.push(taker);
    this.#handOut();
  }

  leave(taker: Taker): void {
    this.#takers.delete(taker);
    this.#handOut();
  }

  /** No connection is accepted any more. Those that processes have taken go on. */
  readonly close = (): void => {
    this.#server.close();
    this.#starting.close();
  };

  #accept(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    this.#waiting.push(socket);
    this.#handOut();
  }

  #handOut(): void {
    if (this.#takers.size === 0) this.#refuseAll();
    while (this.#waiting.size > 0) {
      const taker = this.#free.shift();
      if (!taker) return;
      const socket = this.#takers.has(taker) && this.#waiting.shift();
      if (socket) void this.#give(taker, socket);
    }
  }

  async #give(taker: Taker, socket: Socket): Promise<void> {
    if (await taker.take(socket)) {
      // only this process's handle: the connection goes on in the other
      socket.destroy();
      this.#free.push(taker);
    } else {
      this.#takers.delete(taker);
      this.#waiting.push(socket);
    }
    this.#handOut();
  }

  #refuseAll(): void {
    for (let socket = this.#waiting.shift(); socket; socket = this.#waiting.shift()) {
      this.#starting.emit('connection', socket);
      socket.resume();
    }
  }
}
