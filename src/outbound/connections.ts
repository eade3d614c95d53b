// The connection pool, per origin and TLS identity. Each connection carries one exchange at a time.
// Aborting an exchange closes its connection in any state: resolving, connecting, sending,
// receiving.
import type { TlsIdentity } from './access.ts';
import type { Connect } from './connection.ts';
import { keepAliveMsOf } from './keep-alive.ts';
import { createCarrier, type Exchange, type Line, newLine, type Origin } from './line.ts';

export interface Connections {
  /** Starts the exchange on an idle or new connection, or queues it until a connection is free. */
  begin(exchange: Exchange): void;
  /**
   * Call when the exchange has ended or was aborted. Its connection carries the next exchange, or is closed if not
   * `reusable`.
   */
  end(exchange: Exchange, reusable: boolean): void;
  close(): Promise<void>;
}

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

export function createConnections(options: ConnectionsOptions): Connections {
  const { connect, maxPerOrigin, maxIdle, keepAliveMs, maxKeepAliveMs, requestsPerConnection } = options;
  const origins = new Map<string, Origin>();
  // in the order in which they became idle
  const idle = new Set<Line>();
  const carry = createCarrier({
    connect,
    requestsPerConnection,
    idleLost: drop,
    repeat(line, exchange) {
      drop(line);
      carry(newLine(originOf(exchange)), exchange);
    },
  });

  function originOf({ origin: name, identity }: Exchange): Origin {
    const key = keyOf(name, identity);
    const known = origins.get(key);
    if (known) return known;
    const origin: Origin = { key, name, identity, lines: new Set(), idle: [], waiting: [] };
    origins.set(key, origin);
    return origin;
  }

  function takeIdle(origin: Origin): Line | undefined {
    const line = origin.idle.pop();
    if (!line) return undefined;
    clearTimeout(line.idleTimer);
    line.connection?.socket?.ref();
    idle.delete(line);
    return line;
  }

  function rest(line: Line, forMs: number): void {
    line.origin.idle.push(line);
    idle.add(line);
    line.connection?.socket?.unref();
    line.idleTimer = setTimeout(() => drop(line), forMs).unref();
    const [longest] = idle;
    if (idle.size > maxIdle && longest) drop(longest);
  }

  function drop(line: Line): void {
    const { origin } = line;
    if (!origin.lines.delete(line)) return;
    clearTimeout(line.idleTimer);
    if (idle.delete(line)) origin.idle.splice(origin.idle.indexOf(line), 1);
    if (origin.lines.size === 0 && origin.waiting.length === 0) origins.delete(origin.key);
    line.connection?.socket?.destroy();
  }

  function begin(exchange: Exchange): void {
    const origin = originOf(exchange);
    const line = takeIdle(origin);
    if (line) carry(line, exchange);
    else if (origin.lines.size < maxPerOrigin) carry(newLine(origin), exchange);
    else origin.waiting.push(exchange);
  }

  function end(exchange: Exchange, reusable: boolean): void {
    const { line } = exchange;
    if (line?.exchange !== exchange) {
      const waiting = origins.get(keyOf(exchange.origin, exchange.identity))?.waiting;
      if (line === null && waiting?.includes(exchange)) waiting.splice(waiting.indexOf(exchange), 1);
      return;
    }
    line.exchange = null;
    line.reading = null;
    const forMs = reusable ? keepAliveMsOf(exchange.received.head?.headers ?? [], keepAliveMs, maxKeepAliveMs) : 0;
    const next = line.origin.waiting.shift();
    if (forMs === 0) drop(line);
    if (forMs > 0 && next) carry(line, next);
    else if (forMs > 0) rest(line, forMs);
    else if (next) begin(next);
  }

  return {
    begin,
    end,
    async close() {
      for (const { lines } of origins.values()) for (const line of lines) drop(line);
    },
  };
}

function keyOf(name: string, identity: TlsIdentity | null): string {
  return identity ? `${name} ${identity.id}` : name;
}
