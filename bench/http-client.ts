// A minimal HTTP client for the load, because it shares two cores with the measured processes.
// Keep-alive connections, one request at a time on each. It supports only responses with a
// content-length or in chunks; any other response counts as a failure (status 0).
import { connect, type Socket } from 'node:net';

const connectionLimit = 256;
const patienceMs = 30_000;

export interface Client {
  /** Resolves to the status, or to 0 if no complete response arrived within 30 s. */
  post(path: string, body: string): Promise<number>;
  close(): void;
}

interface Connection {
  socket: Socket;
  received: string;
  finish: ((status: number) => void) | null;
}

export function createClient(origin: string, headers: Record<string, string>): Client {
  const { hostname, port, host } = new URL(origin);
  const idle: Connection[] = [];
  const open = new Set<Connection>();
  const waiting: ((connection: Connection) => void)[] = [];
  const lines = Object.entries({ host, 'content-type': 'application/json', ...headers });
  const fixed = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');

  function openConnection(): Connection {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const connection: Connection = { socket, received: '', finish: null };
    open.add(connection);
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      connection.received += chunk;
      const status = wholeAnswer(connection.received);
      if (status === null) return;
      if (status === 0) return void socket.destroy();
      connection.received = '';
      end(connection, status);
    });
    socket.setTimeout(patienceMs, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      open.delete(connection);
      const at = idle.indexOf(connection);
      if (at >= 0) idle.splice(at, 1);
      connection.finish?.(0);
      connection.finish = null;
      const next = waiting.shift();
      if (next) next(openConnection());
    });
    return connection;
  }

  function end(connection: Connection, status: number): void {
    const { finish } = connection;
    connection.finish = null;
    const next = waiting.shift();
    if (next) next(connection);
    else idle.push(connection);
    finish?.(status);
  }

  async function free(): Promise<Connection> {
    const known = idle.pop();
    if (known) return known;
    if (open.size < connectionLimit) return openConnection();
    return new Promise((resolve) => waiting.push(resolve));
  }

  return {
    async post(path, body) {
      const connection = await free();
      return new Promise((resolve) => {
        connection.finish = resolve;
        connection.socket.write(`POST ${path} HTTP/1.1\r\n${fixed}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
      });
    },
    close() {
      for (const { socket } of open) socket.destroy();
    },
  };
}

/** Returns the status once the whole response has arrived, null before. */
function wholeAnswer(text: string): number | null {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const head = text.slice(0, headEnd);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  const status = Number(head.slice(9, 12));
  if (status === 204) return status;
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return text.endsWith('\r\n0\r\n\r\n') ? status : null;
  if (length === undefined) return 0;
  return text.length >= headEnd + 4 + Number(length) ? status : null;
}
