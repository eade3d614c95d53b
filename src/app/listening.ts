// Opens a port of this process before anything is built on it, so that its address is known early.
// `close` ends it after the last requests have ended, or after 10 s.
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigError } from '#config/config';

const closeWithinMs = 10_000;

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
  http: Server;
  serve(app: RequestListener): void;
  /** Scheme, host and port at which this server is reached. */
  origin: string;
  /** The origin for calls from this process itself, independent of proxies and DNS. */
  local: string;
  /** Resolves when the port is open. */
  opened: Promise<void>;
}

/** Throws a ConfigError that names `variable` if the port is already in use. */
export async function listen(
  host: string,
  port: number,
  publicUrl: string | undefined,
  variable = 'PORT',
  timeouts = defaultTimeouts,
): Promise<Listening> {
  const { http, serve } = createHttp(timeouts);
  await bind(http, host, port, variable);
  const local = localOrigin(host, (http.address() as AddressInfo).port);
  return { http, serve, origin: publicUrl ? new URL(publicUrl).origin : local, local, opened: Promise.resolve() };
}

/** Opens the port when it serves, once `mayListen` has resolved: for a process that shares it with others. */
export function listenLater(host: string, port: number, origin: string, mayListen: () => Promise<void>): Listening {
  const { http, serve } = createHttp(defaultTimeouts);
  const { promise: opened, resolve, reject } = Promise.withResolvers<void>();
  return {
    http,
    origin,
    local: localOrigin(host, port),
    opened,
    serve(app) {
      serve(app);
      mayListen()
        .then(() => bind(http, host, port, 'PORT'))
        .then(resolve, reject);
    },
  };
}

function createHttp(timeouts: Patience): Pick<Listening, 'http' | 'serve'> {
  let answer = starting;
  const http = createServer(parserOptions(timeouts), (request, response) => answer(request, response));
  http.timeout = timeouts.silenceMs;
  return {
    http,
    serve: (app) => {
      answer = app;
    },
  };
}

function bind(http: Server, host: string, port: number, variable: string): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, resolve);
  }).catch((error: NodeJS.ErrnoException) => {
    const isTaken = error.code === 'EADDRINUSE';
    throw new ConfigError(isTaken ? `port ${port} on ${host} is already in use: set ${variable} to a free port` : error.message, {
      cause: error,
    });
  });
}

function localOrigin(host: string, port: number): string {
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
  response.end(JSON.stringify({ type: 'about:blank', title: 'Service Unavailable', status: 503, detail: 'Posthorn is starting.' }));
};

/** Stops listening and waits for the requests in progress, at most 10 s. */
export async function close(http: Server): Promise<void> {
  const closed = new Promise((resolve) => http.close(resolve));
  http.closeIdleConnections();
  const tooLong = setTimeout(() => http.closeAllConnections(), closeWithinMs);
  await closed;
  clearTimeout(tooLong);
}
