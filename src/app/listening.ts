// A port of this process: opened before anything is built on it, closed when its last requests have ended.
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigError } from '#config/config';

const closeWithinMs = 10_000;

/** How long a client may take, in milliseconds, before it is answered 408 or cut off: whoever sends or reads a byte now and then must not hold a place for ever. */
export interface Patience {
  headersMs: number;
  /** For all of a request, its body too. */
  requestMs: number;
  /** Without a byte in either direction. */
  silenceMs: number;
  /** How often the first two are looked at. */
  checkEveryMs: number;
}

const usualPatience: Patience = { headersMs: 15_000, requestMs: 60_000, silenceMs: 120_000, checkEveryMs: 5_000 };

/** A port that listens: its address is known before anything is built on it. Until it has an app it asks everybody to come again. */
export interface Listening {
  http: Server;
  serve(app: RequestListener): void;
  /** Scheme, host and port under which this server is reached. */
  origin: string;
  /** The same for this process itself: it needs no proxy, and no name that leads there. */
  local: string;
}

/** Throws when the port is taken, naming the variable that sets it. */
export async function listen(
  host: string,
  port: number,
  publicUrl: string | undefined,
  variable = 'PORT',
  patience = usualPatience,
): Promise<Listening> {
  let answer = starting;
  const http = createServer(parserOptions(patience), (request, response) => answer(request, response));
  http.timeout = patience.silenceMs;
  const serve = (app: RequestListener) => {
    answer = app;
  };
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, resolve);
  }).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(
      error.code === 'EADDRINUSE' ? `port ${port} of ${host} is taken: set ${variable} to another one` : error.message,
      {
        cause: error,
      },
    );
  });
  const { port: actual } = http.address() as AddressInfo;
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const local = `http://${name.includes(':') ? `[${name}]` : name}:${actual}`;
  return { http, serve, origin: publicUrl ? new URL(publicUrl).origin : local, local };
}

/** The strict parser, said aloud: what two servers could read differently (both lengths, a bare LF) is a 400, and heads are bounded. */
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

/** Lets requests end, 10 s at most. */
export async function close(http: Server): Promise<void> {
  const closed = new Promise((resolve) => http.close(resolve));
  http.closeIdleConnections();
  const tooLong = setTimeout(() => http.closeAllConnections(), closeWithinMs);
  await closed;
  clearTimeout(tooLong);
}
