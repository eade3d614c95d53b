// Test endpoints on 127.0.0.1, scripted down to the byte. They close when their test ends.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';

export interface Endpoint {
  port: number;
  url: string;
  /** Every complete request, as text, in order of arrival. */
  requests: string[];
  /** All bytes read, including those of incomplete requests; for TLS, the decrypted bytes. */
  bytes: number;
  /** Connections accepted so far. */
  connections: number;
  /** Connections not closed yet. */
  open: number;
}

/** Answers the n-th request (from 0), counted over all connections. */
export type Answer = (socket: Socket, n: number, request: string) => void;

/**
 * With TLS 1.2 (`maxVersion`) a client has read everything when the handshake is done. Closed then, it closes orderly,
 * and nothing that it wrote before is lost.
 */
interface Identity extends TlsOptions {
  key: string;
  cert: string;
}

export function startEndpoint(answer: Answer, identity?: Identity): Promise<Endpoint> {
  const sockets = new Set<Socket>();
  const endpoint: Endpoint = { port: 0, url: '', requests: [], bytes: 0, connections: 0, open: 0 };
  const onSocket = (socket: Socket) => {
    endpoint.connections++;
    endpoint.open++;
    sockets.add(socket);
    socket
      .on('error', () => {})
      .on('data', (chunk) => {
        endpoint.bytes += chunk.length;
      })
      .on('close', () => {
        endpoint.open--;
        sockets.delete(socket);
      });
    eachRequest(socket, (request) => answer(socket, endpoint.requests.push(request) - 1, request));
  };
  const server: Server = identity ? createTlsServer(identity, onSocket) : createServer(onSocket);
  server.on('tlsClientError', () => {});
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      endpoint.port = (server.address() as AddressInfo).port;
      endpoint.url = `${identity ? 'https' : 'http'}://127.0.0.1:${endpoint.port}/hook`;
      resolve(endpoint);
    }),
  );
}

/** A complete response with Content-Length. */
export function response(status: number, headers: Record<string, string> = {}, body: string | Uint8Array = ''): Buffer {
  const bytes = Buffer.from(body);
  const lines = Object.entries({ ...headers, 'content-length': String(bytes.length) }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Status\r\n${lines.join('')}\r\n`), bytes]);
}

/** A self-signed certificate for 127.0.0.1 and localhost. */
export function selfSigned(names = 'IP:127.0.0.1,DNS:localhost'): Identity {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-test-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const args = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test -addext subjectAltName=${names} -keyout ${key} -out ${cert}`;
  execFileSync('openssl', args.split(' '), { stdio: 'ignore' });
  const identity = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  rmSync(folder, { recursive: true });
  return identity;
}

/** Writes without end, as fast as the client reads. */
export function pour(socket: Socket, chunk: Buffer): void {
  const more = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

/** Writes without end, slowly. */
export function trickle(socket: Socket, text: string): void {
  const timer = setInterval(() => socket.write(text), 20);
  socket.on('close', () => clearInterval(timer));
}

function eachRequest(socket: Socket, heard: (request: string) => void): void {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    for (;;) {
      const headEnds = text.indexOf('\r\n\r\n') + 4;
      const length = /content-length: (\d+)/i.exec(text)?.[1];
      if (headEnds < 4 || length === undefined || text.length < headEnds + Number(length)) return;
      const ends = headEnds + Number(length);
      const request = text.slice(0, ends);
      text = text.slice(ends);
      heard(request);
    }
  });
}
