// The open connections, per origin and client certificate, each carrying one exchange at a time. undici speaks HTTP on them; which connection an exchange
// uses is decided here, because the attempt's record names the address it used, and because an attempt that is given up
// must take its connection with it in whatever state that is: resolving, connecting, sending or receiving.
import { Client, type Dispatcher } from 'undici';
import type { TlsIdentity } from './access.ts';
import type { Connect, Connection } from './connection.ts';

/** One request and who hears of its response. */
export interface Exchange {
  origin: string;
  /** What TLS shows itself as; null: as nobody. */
  identity: TlsIdentity | null;
  options: Dispatcher.DispatchOptions;
  handler: Dispatcher.DispatchHandler;
  /** The line it was given; null while it waits for one. */
  line: Line | null;
  /** It was given one. */
  onLine?: (() => void) | undefined;
}

/** A place for a connection: undici's client, and the connection it has or had last. */
export interface Line {
  client: Client;
  origin: Origin;
  exchange: Exchange | null;
  connection: Connection | null;
  /** The exchange for which the connection was opened: its DNS, connect and TLS times are of that attempt only. */
  openedFor: Exchange | null;
}

interface Origin {
  /** Its name, and the identity where there is one: what was let in with one certificate carries nothing of another. */
  key: string;
  name: string;
  identity: TlsIdentity | null;
  lines: Set<Line>;
  idle: Line[];
  waiting: Exchange[];
}

export interface Connections {
  /** Sends it on a free or new connection, or later, when one is free. */
  begin(exchange: Exchange): void;
  /** The exchange is over, or given up. Its connection serves the next one, or is closed when it cannot. */
  end(exchange: Exchange, reusable: boolean): void;
  close(): Promise<void>;
}

interface ConnectionsOptions {
  connect: Connect;
  maxPerOrigin: number;
  /** Over all origins; beyond it the one that has been idle longest is closed. */
  maxIdle: number;
  client: Client.Options;
}

export function createConnections({ connect, maxPerOrigin, maxIdle, client }: ConnectionsOptions): Connections {
  const origins = new Map<string, Origin>();
  // A set keeps the order in which they became idle.
  const idle = new Set<Line>();

  function originOf({ origin: name, identity }: Exchange): Origin {
    const key = keyOf(name, identity);
    const known = origins.get(key);
    if (known) return known;
    const origin: Origin = { key, name, identity, lines: new Set(), idle: [], waiting: [] };
    origins.set(key, origin);
    return origin;
  }

  function carry(line: Line, exchange: Exchange): void {
    line.exchange = exchange;
    exchange.line = line;
    exchange.onLine?.();
    if (line.connection) line.connection.bytesBefore = line.connection.socket?.bytesRead ?? 0;
    line.client.dispatch(exchange.options, exchange.handler);
  }

  function takeIdle(origin: Origin): Line | undefined {
    const line = origin.idle.pop();
    if (line) idle.delete(line);
    return line;
  }

  function rest(line: Line): void {
    line.origin.idle.push(line);
    idle.add(line);
    const [longest] = idle;
    if (idle.size > maxIdle && longest) void drop(longest);
  }

  async function drop(line: Line): Promise<void> {
    const { origin } = line;
    if (!origin.lines.delete(line)) return;
    if (idle.delete(line)) origin.idle.splice(origin.idle.indexOf(line), 1);
    if (origin.lines.size === 0 && origin.waiting.length === 0) origins.delete(origin.key);
    // undici does not know a socket before it is connected.
    line.connection?.socket?.destroy();
    await line.client.destroy();
  }

  function begin(exchange: Exchange): void {
    const origin = originOf(exchange);
    const line = takeIdle(origin);
    if (line) carry(line, exchange);
    else if (origin.lines.size < maxPerOrigin) carry(openLine(origin, connect, client, drop), exchange);
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
    const next = line.origin.waiting.shift();
    if (!reusable) void drop(line);
    if (reusable && next) carry(line, next);
    else if (reusable) rest(line);
    else if (next) begin(next);
  }

  return {
    begin,
    end,
    async close() {
      await Promise.all([...origins.values()].flatMap(({ lines }) => [...lines].map(drop)));
    },
  };
}

function keyOf(name: string, identity: TlsIdentity | null): string {
  return identity ? `${name} ${identity.id}` : name;
}

function openLine(origin: Origin, connect: Connect, options: Client.Options, drop: (line: Line) => Promise<void>): Line {
  const client: Client = new Client(origin.name, {
    ...options,
    connect: (target, callback) => {
      line.openedFor = line.exchange;
      line.connection = connect(target, origin.identity, callback);
    },
  });
  const line: Line = { client, origin, exchange: null, connection: null, openedFor: null };
  client.on('disconnect', () => {
    if (line.exchange === null) void drop(line);
  });
  origin.lines.add(line);
  return line;
}
