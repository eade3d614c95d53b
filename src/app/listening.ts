// Opens a port of this process before anything is built on it, so that its address is known early.
// `close` ends it after the last requests have ended, or after 10 s.
import { createServer, type RequestListener, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import { ConfigError } from '#config/config';

export const closeWithinMs = 10_000;

/**
 * Timeouts in milliseconds, after which a client gets 408 or is disconnected. Without them a slow client could hold a
 * connection for ever.
 */
export interface Patience {
  headersMs: number;
  /** For the whole request, including its body. */
  requestMs: number;
  /** Without a byte in either direction. */
  silenceMs: number;
  /** How often the first two are checked. */
  checkEveryMs: number;
}

const defaultTimeouts: Patience = { headersMs: 15_000, requestMs: 60_000, silenceMs: 120_000, checkEveryMs: 5_000 };

/** An open port. Until `serve` is called, every request is answered 503 with a Retry-After. */
export interface Listening {
  serve(app: RequestListener): void;
  /** Scheme, host and port at which this server is reached. */
  origin: string;
  /** The origin for calls from this process itself, independent of proxies and DNS. */
  local: string;
  /** Resolves when requests arrive at the app. */
  opened: Promise<void>;
  /** Takes no more requests and waits for those in progress, at most 10 s. */
  close(): Promise<void>;
}

/** Throws a ConfigError that names `variable` if the port is already in use. */
export async function listen(
  host: string,
  port: number,
  publicUrl: string | undefined,
  variable = 'PORT',
  timeouts = defaultTimeouts,
): Promise<Listening> {
  const server = createHttp(timeouts);
  const { http, serve } = server;
  const local = localOrigin(host, await bind(http, host, port, variable));
  const origin = originOf(publicUrl, local);
  return { serve, origin, local, opened: Promise.resolve(), close: () => close(server) };
}

export const originOf = (publicUrl: string | undefined, local: string) => (publicUrl ? new URL(publicUrl).origin : local);

export interface HttpServer {
  http: Server;
  serve: Listening['serve'];
  /** From now on a connection is closed after the answer to its request, which says so, and at once if it has none. */
  drain(): void;
}

/** Answers 503 until `serve` is called. */
export function createHttp(timeouts = defaultTimeouts): HttpServer {
  let answer = starting;
  let draining = false;
  const underWay = new Set<ServerResponse>();
  const http = createServer(parserOptions(timeouts), (request, response) => {
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
    if (draining) response.shouldKeepAlive = false;
    answer(request, response);
  });
  http.timeout = timeouts.silenceMs;
  return {
    http,
    serve: (app) => {
      answer = app;
    },
    drain() {
      draining = true;
      for (const response of underWay) {
        response.shouldKeepAlive = false;
        // its head may be written already
        response.once('finish', () => setImmediate(() => http.closeIdleConnections()));
      }
      http.closeIdleConnections();
    },
  };
}

/** Returns the port. Throws a ConfigError that names `variable` if it is already in use. */
export async function bind(server: TcpServer, host: string, port: number, variable: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  }).catch((error: NodeJS.ErrnoException) => {
    const isTaken = error.code === 'EADDRINUSE';
    throw new ConfigError(isTaken ? `port ${port} on ${host} is already in use: set ${variable} to a free port` : error.message, {
      cause: error,
    });
  });
  return (server.address() as AddressInfo).port;
}

export function localOrigin(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/**
 * Sets the strict parser explicitly: requests that two servers could read differently (two lengths, a bare LF) get 400,
 * and headers are limited.
 */
function parserOptions({ headersMs, requestMs, checkEveryMs }: Patience): ServerOptions {
  return {
    insecureHTTPParser: false,
    requireHostHeader: true,
    maxHeaderSize: 16 * 1024,
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: checkEveryMs,
    keepAliveTimeout: 65_000,
  };
}

const starting: RequestListener = (_request, response) => {
  response.setHeader('cache-control', 'no-store').setHeader('x-content-type-options', 'nosniff');
  response.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '1', connection: 'close' });
  response.end(
    JSON.stringify({
      type: 'about:blank',
      title: 'Service Unavailable',
      status: 503,
      code: 'unavailable',
      detail: 'Posthorn is starting.',
      errors: [],
    }),
  );
};

/** Stops listening and waits for the requests in progress, at most 10 s. */
async function close({ http, drain }: HttpServer): Promise<void> {
  const closed = new Promise((resolve) => http.close(resolve));
  drain();
  const tooLong = setTimeout(() => http.closeAllConnections(), closeWithinMs);
  await closed;
  clearTimeout(tooLong);
}
