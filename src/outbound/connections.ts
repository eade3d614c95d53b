// The connection pool, per origin and TLS identity. Each connection carries one exchange at a time.
// Aborting an exchange closes its connection in any state: resolving, connecting, sending,
// receiving.
import type { TlsIdentity } from './access.ts';
import type { Connect } from './connection.ts';
import { keepAliveMsOf } from './keep-alive.ts';
import { type Carry, createCarrier, type Exchange, type Line, newLine, type Origin } from './line.ts';

interface ConnectionsOptions {
  connect: Connect;
  maxPerOrigin: number;
  /** Idle connections over all origins. Beyond it, the connection that was idle longest is closed. */
  maxIdle: number;
  /** How long an idle connection stays open when the endpoint sends no `Keep-Alive: timeout`, and at most. */
  keepAliveMs: number;
  maxKeepAliveMs: number;
  requestsPerConnection: number;
}

/**
 * An exchange gets the connection of its origin that became idle last, or else a new one while the origin has fewer
 * than `maxPerOrigin`. Otherwise it is queued, in the order of arrival. A connection that becomes free carries the next
 * queued exchange, or is idle until its keep-alive time is over, the endpoint closes it, or too many are idle.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #origins = new Map<string, Origin>();
  /** In the order in which they became idle. */
  readonly #idle = new Set<Line>();
  readonly #carry: Carry;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#carry = createCarrier({
      connect: options.connect,
      requestsPerConnection: options.requestsPerConnection,
      idleLost: (line) => this.#drop(line),
      repeat: (line, exchange) => {
        this.#drop(line);
        this.#carry(newLine(this.#originOf(exchange)), exchange);
      },
    });
  }

  /** Starts the exchange on an idle or new connection, or queues it until a connection is free. */
  begin(exchange: Exchange): void {
    const origin = this.#originOf(exchange);
    const line = this.#takeIdle(origin);
    if (line) this.#carry(line, exchange);
    else if (origin.lines.size < this.#options.maxPerOrigin) this.#carry(newLine(origin), exchange);
    else origin.waiting.push(exchange);
  }

  /**
   * Call when the exchange has ended or was aborted. Its connection carries the next exchange, or is closed if not
   * `reusable`.
   */
  end(exchange: Exchange, reusable: boolean): void {
    const { line } = exchange;
    if (line?.exchange === exchange) this.#free(line, reusable ? this.#keepAliveMsOf(exchange) : 0);
    else if (line === null) this.#removeFromQueue(exchange);
  }

  async close(): Promise<void> {
    for (const { lines } of this.#origins.values()) for (const line of lines) this.#drop(line);
  }

  /** `forMs`: how long the connection may be idle. 0: it is closed. */
  #free(line: Line, forMs: number): void {
    line.exchange = null;
    line.reading = null;
    const next = line.origin.waiting.shift();
    if (forMs === 0) this.#drop(line);
    if (forMs > 0 && next) this.#carry(line, next);
    else if (forMs > 0) this.#keepIdle(line, forMs);
    else if (next) this.begin(next);
  }

  #removeFromQueue(exchange: Exchange): void {
    const waiting = this.#origins.get(keyOf(exchange.origin, exchange.identity))?.waiting;
    if (waiting?.includes(exchange)) waiting.splice(waiting.indexOf(exchange), 1);
  }

  #keepAliveMsOf({ received }: Exchange): number {
    return keepAliveMsOf(received.head?.headers ?? [], this.#options.keepAliveMs, this.#options.maxKeepAliveMs);
  }

  #originOf({ origin: name, identity }: Exchange): Origin {
    const key = keyOf(name, identity);
    const known = this.#origins.get(key);
    if (known) return known;
    const origin: Origin = { key, name, identity, lines: new Set(), idle: [], waiting: [] };
    this.#origins.set(key, origin);
    return origin;
  }

  #takeIdle(origin: Origin): Line | undefined {
    const line = origin.idle.pop();
    if (!line) return undefined;
    clearTimeout(line.idleTimer);
    line.connection?.socket?.ref();
    this.#idle.delete(line);
    return line;
  }

  #keepIdle(line: Line, forMs: number): void {
    line.origin.idle.push(line);
    this.#idle.add(line);
    line.connection?.socket?.unref();
    line.idleTimer = setTimeout(() => this.#drop(line), forMs).unref();
    const [longest] = this.#idle;
    if (this.#idle.size > this.#options.maxIdle && longest) this.#drop(longest);
  }

  #drop(line: Line): void {
    const { origin } = line;
    if (!origin.lines.delete(line)) return;
    clearTimeout(line.idleTimer);
    if (this.#idle.delete(line)) origin.idle.splice(origin.idle.indexOf(line), 1);
    if (origin.lines.size === 0 && origin.waiting.length === 0) this.#origins.delete(origin.key);
    line.connection?.socket?.destroy();
  }
}

function keyOf(name: string, identity: TlsIdentity | null): string {
  return identity ? `${name} ${identity.id}` : name;
}
