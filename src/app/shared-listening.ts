// One process's end of a port that several share (shared-port.ts): an HTTP server that does not listen, and serves the
// connections that the primary gives it.
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { machineMs } from './child-protocol.ts';
import { closeWithinMs, createHttp, type Listening } from './listening.ts';

export class SharedListening implements Listening {
  readonly local: string;
  readonly origin: string;
  readonly opened: Promise<void>;
  readonly serve: (app: RequestListener) => void;
  readonly #server;
  readonly #sockets = new Set<Socket>();
  #isClosing = false;

  /** `join`: tells the primary that this process takes connections. */
  constructor(local: string, origin: string, join: () => Promise<void>) {
    this.local = local;
    this.origin = origin;
    const server = createHttp();
    const { http, serve } = server;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server = server;
    this.opened = promise;
    this.serve = (app) => {
      serve(app);
      join().then(resolve, reject);
    };
    // begins to enforce its time limits, which a server that does not listen does not
    http.emit('listening');
  }

  /** False: nothing was read of it. Must be called in the same turn in which the connection arrived. */
  readonly take = (beforeMs: number, socket?: Socket): boolean => {
    // its client has gone
    if (!socket) return true;
    // too late: another process may serve it by now
    if (this.#isClosing || machineMs() > beforeMs) {
      socket.destroy();
      return false;
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // as http.Server sets the connections it accepts
    socket.allowHalfOpen = true;
    socket.setNoDelay(true);
    this.#server.http.emit('connection', socket);
    return true;
  };

  readonly close = async (): Promise<void> => {
    this.#isClosing = true;
    const closed = [...this.#sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    const { http, drain } = this.#server;
    http.close();
    drain();
    const tooLong = setTimeout(() => http.closeAllConnections(), closeWithinMs);
    await Promise.all(closed);
    clearTimeout(tooLong);
  };
}
