// A TCP proxy between two processes, as the network between them: it delays, cuts or swallows what passes.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * `open`: passes everything on. `cut`: resets connections, and refuses others. `blackhole`: accepts connections and holds
 * everything back, as a network that loses all packets. A number: delays everything by so many milliseconds.
 */
export type LinkState = 'open' | 'cut' | 'blackhole' | number;

export interface TcpProxy {
  port: number;
  /** host:port */
  address: string;
  set(state: LinkState): void;
  close(): Promise<void>;
}

export async function startTcpProxy(upstreamPort: number): Promise<TcpProxy> {
  const link: Link = { state: 'open', changed: new Set() };
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true).on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createServer({ allowHalfOpen: true }, (near) => {
    keep(near);
    if (link.state === 'cut') return void near.resetAndDestroy();
    const far = connect({ port: upstreamPort, host: '127.0.0.1', allowHalfOpen: true });
    keep(far);
    new Flow(near, far, link);
    new Flow(far, near, link);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    address: `127.0.0.1:${port}`,
    set(state) {
      link.state = state;
      if (state === 'cut') for (const socket of sockets) socket.resetAndDestroy();
      for (const changed of link.changed) changed();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Link {
  state: LinkState;
  changed: Set<() => void>;
}

/** One direction of a connection. Bytes stay in order. */
class Flow {
  readonly #to: Socket;
  readonly #link: Link;
  /** What waits, with the time at which it arrived; null: the end. */
  readonly #queue: { chunk: Buffer | null; at: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, link: Link) {
    this.#to = to;
    this.#link = link;
    const changed = () => this.#pass();
    link.changed.add(changed);
    from.on('data', (chunk: Buffer) => this.#take(chunk));
    from.once('end', () => this.#take(null));
    from.once('close', () => {
      link.changed.delete(changed);
      if (from.errored) to.destroy();
    });
    // with a slow reader, the writer waits as well
    to.on('drain', () => from.resume());
    from.on('data', () => to.writableNeedDrain && from.pause());
  }

  #take(chunk: Buffer | null): void {
    this.#queue.push({ chunk, at: performance.now() });
    this.#pass();
  }

  #pass(): void {
    clearTimeout(this.#timer);
    const { state } = this.#link;
    if (state === 'blackhole') return;
    const delayMs = typeof state === 'number' ? state : 0;
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      const waitMs = next.at + delayMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pass(), Math.ceil(waitMs));
        return;
      }
      this.#queue.shift();
      if (next.chunk) this.#to.write(next.chunk);
      else this.#to.end();
    }
  }
}
