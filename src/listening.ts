// A port of this process: opened before anything is built on it, closed when its last requests have ended.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigError } from './config.ts';

const closeWithinMs = 10_000;

/** A port that listens: its address is known before anything is built on it. Until it has an app it asks everybody to come again. */
export interface Listening {
  http: Server;
  serve(app: RequestListener): void;
  /** Scheme, host and port under which this server is reached. */
  origin: string;
}

/** Throws when the port is taken, naming the variable that sets it. */
export async function listen(host: string, port: number, publicUrl: string | undefined, variable = 'PORT'): Promise<Listening> {
  let answer = starting;
  const http = createServer({ requestTimeout: 60_000, keepAliveTimeout: 65_000 }, (request, response) => answer(request, response));
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
  return { http, serve, origin: publicUrl ? new URL(publicUrl).origin : `http://${name.includes(':') ? `[${name}]` : name}:${actual}` };
}

const starting: RequestListener = (_request, response) => {
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
