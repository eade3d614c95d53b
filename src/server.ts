// The server role: HTTP API and sandbox on one port. It has no relay of its own; in one process with a worker it is given the worker's.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { createApp } from './api/app.ts';
import type { Reached } from './checkpoints.ts';
import { ConfigError } from './config.ts';
import type { Core } from './core.ts';
import { readDeliveryRef } from './db/delivery-refs.ts';
import { askForSweep } from './db/listen.ts';
import { liveSecrets } from './db/secrets.ts';
import { homePage } from './home-page.ts';
import { createAddressGuard } from './outbound/address-guard.ts';
import { encodeSecret } from './outbound/sign.ts';
import { createBacklog } from './relay/backlog.ts';
import { createIngest } from './relay/ingest.ts';
import type { Relay } from './relay/relay.ts';
import { createSandbox } from './sandbox/sandbox.ts';
import { isTemporalAway } from './temporal/link.ts';

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

export interface ServerOptions {
  listening: Listening;
  temporalUiUrl: string | null;
  relay: Relay | undefined;
  reached?: Reached;
}

/** Serves until the returned function is called, which lets requests end, 10 s at most. */
export function startServer(
  core: Core,
  { listening: { http, serve, origin }, temporalUiUrl, relay, reached }: ServerOptions,
): () => Promise<void> {
  const { config, db, log, vault, link, giveOrder, telemetry } = core;
  const apiKey = config.POSTHORN_API_KEY ?? '';
  const guard = createAddressGuard({ allowCidrs: config.POSTHORN_ALLOW_CIDRS, ownOrigin: origin });
  const limits = { perTenant: config.POSTHORN_MAX_WAITING_PER_TENANT, inAll: config.POSTHORN_MAX_WAITING };
  const backlog = createBacklog({ db, log, limits });
  const app = createApp({
    db,
    log,
    vault,
    apiKey,
    publicOrigin: origin,
    temporalUiUrl,
    temporalNamespace: config.TEMPORAL_NAMESPACE,
    checkUrl: guard.checkUrl,
    accept: createIngest({ db, relay, backlog, metrics: telemetry.ingest, reached }),
    giveOrder,
    sweepSoon: () => (relay ? relay.sweepSoon() : askForSweep(db, log)),
    metrics: telemetry.scrape,
    temporalAway: () => isTemporalAway(link),
    home: () => homePage(origin, temporalUiUrl),
    mount: (express: Express) => express.use('/sandbox', createSandbox({ apiKey, secretsOf: (deliveryId) => secretsOf(core, deliveryId) })),
  });
  serve(app);
  log.info({ origin }, 'server.started');
  return async () => {
    await close(http);
    backlog.stop();
  };
}

async function secretsOf({ db, vault }: Core, deliveryId: string): Promise<string[]> {
  const delivery = await readDeliveryRef(db, deliveryId);
  const secrets = delivery ? await liveSecrets(db, delivery.endpointId) : [];
  return secrets.map(({ secretId, sealed }) => encodeSecret(vault.open(sealed, secretId)));
}

/** Lets requests end, 10 s at most. */
export async function close(http: Server): Promise<void> {
  const closed = new Promise((resolve) => http.close(resolve));
  http.closeIdleConnections();
  const tooLong = setTimeout(() => http.closeAllConnections(), closeWithinMs);
  await closed;
  clearTimeout(tooLong);
}
