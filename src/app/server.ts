// The server role: HTTP API and sandbox on one port.
// It has no relay. In one process with a worker it uses the worker's.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Express } from 'express';
import { createAccess } from '#api/access/access';
import { createFrameOrigins } from '#api/access/frame-origins';
import { createApp } from '#api/app';
import type { ApiDeps } from '#api/routes/deps';
import { Catalogue } from '#catalogue/catalogue';
import { startChores } from '#chores/chores';
import { shutdownDelayMs } from '#config/config';
import { packageRoot } from '#config/package';
import { createMissed } from '#db/deliveries/missed-lists';
import { countWorkers } from '#db/events/relays';
import { createKeyStore } from '#db/keys/key-rotation';
import { isStoreUp } from '#db/keys/settings';
import { askForSweep } from '#db/store/listen';
import { scopedDb } from '#db/store/tenant-scope';
import { createSetGate } from '#lanes/set-gate';
import { createSkipHead } from '#lanes/skip-head';
import { ListenerStreams } from '#listen/listener-streams';
import { createAddressGuard } from '#outbound/address-guard';
import { type Backlog, createBacklog } from '#relay/backlog';
import { createIngest } from '#relay/ingest';
import { createRecall } from '#relay/recall';
import type { Reached } from '#runtime/checkpoints';
import { within } from '#runtime/within';
import { limitConcurrency } from '#sandbox/concurrency-limit';
import { createSandbox } from '#sandbox/sandbox';
import { createFramedPage } from '#site/framed-page';
import { createWebApp } from '#site/web-app';
import { Feed } from '#stream/feed';
import { allChanges } from '#stream/sources';
import { createFollowKey } from '#temporal/key-following';
import { type Alerts, openAlerts } from './alerts.ts';
import { openConformance } from './conformance.ts';
import type { Core } from './core.ts';
import { type DocsSite, openDocsSite } from './docs-site.ts';
import { readEndpointSigning } from './endpoint-signing.ts';
import { homeOf } from './home-page.ts';
import type { Listening } from './listening.ts';
import { openIdConnectOf } from './open-id-connect.ts';
import type { Siblings } from './siblings.ts';
import { createOpenTenantSandbox } from './tenant-sandboxes.ts';
import type { RunningWorker } from './worker.ts';

export interface ServerOptions {
  listening: Listening;
  temporalUiUrl: string | null;
  /** Runs in this process. */
  worker: Pick<RunningWorker, 'relay' | 'alerts' | 'isPolling'> | undefined;
  /** True while this start still creates the demo data. */
  starting?: () => boolean;
  /** The other processes behind the same port. Default: there are none. */
  siblings?: Pick<Siblings, 'recordings' | 'openPage'> | undefined;
  reached?: Reached;
}

/** One of several processes takes connections for so much longer than the primary gives it some. */
const siblingsMarginMs = 500;

/**
 * Serves until the returned function is called. Then `/readyz` answers 503; after POSTHORN_SHUTDOWN_DELAY no more
 * connections are taken, and it waits for requests in progress, at most 10 s.
 */
export function startServer(core: Core, options: ServerOptions): () => Promise<void> {
  const { listening, worker } = options;
  const { config, db, log, shares } = core;
  let stopping = false;
  const limits = { perTenant: config.POSTHORN_MAX_WAITING_PER_TENANT, inAll: config.POSTHORN_MAX_WAITING };
  const backlog = createBacklog({ db, log, limits });
  core.telemetry.watchServer({ refusing: backlog.refusing });
  const feed = new Feed({
    db: shares.lease,
    sources: allChanges(shares.lease),
    replays: allChanges(shares.callers),
    log,
    ...core.timings.stream,
  });
  const conformance = openConformance(core, listening.origin);
  const listeners = new ListenerStreams({ db, notifications: core.listener, vault: core.vault, log, timings: core.timings.listen });
  const catalogue = catalogueOf(core);
  const alerts = worker ? { ...worker.alerts, stop: nothing, end: nothing } : runAlerts(core, listening.origin);
  const docs = openDocsSite();
  const app = createApp({
    ...storeDeps(core),
    ...temporalDeps(core, options),
    ...pageDeps(core, options, docs),
    accept: acceptOf(core, options, backlog),
    refusing: backlog.refusing,
    catalogue,
    feed,
    conformance: conformance.check,
    listeners,
    alertChannels: { test: alerts.channels.test, hasMailer: alerts.hasMailer },
    stopping: () => stopping,
  });
  listening.serve(app);
  log.info({ origin: listening.origin }, 'server.started');
  return async () => {
    stopping = true;
    const delayMs = shutdownDelayMs(config);
    if (delayMs > 0) await delay(delayMs + (options.siblings ? siblingsMarginMs : 0));
    const alertsStopped = alerts.stop();
    feed.stop();
    listeners.stop();
    docs.stop();
    await listening.close();
    backlog.stop();
    await conformance.close();
    catalogue.stop();
    await alertsStopped;
    await alerts.end();
  };
}

function acceptOf({ db, contents, parking, telemetry }: Core, { worker, reached }: ServerOptions, backlog: Backlog): ApiDeps['accept'] {
  return createIngest({ db, contents, relay: worker?.relay, backlog, parking, metrics: telemetry.ingest, reached });
}

function catalogueOf({ config, shares, listener, telemetry, log }: Core): Catalogue {
  const { POSTHORN_UNREGISTERED_TYPES: unregistered, POSTHORN_DEPRECATED_TYPES: deprecated, POSTHORN_SUNSET_TYPES: sunset } = config;
  return new Catalogue({ db: shares.callers, listener, policy: { unregistered, deprecated, sunset }, metrics: telemetry.catalogue, log });
}

/** What works on PostgreSQL, and the settings of the installation. */
function storeDeps({ config, db, log, vault, contents, waker, timings, shares: { callers, lease } }: Core) {
  const sweepSoon = () => askForSweep(db, log);
  return {
    db: scopedDb(callers),
    storeUp: () => isStoreUp(lease),
    log,
    vault,
    contents,
    recall: createRecall({ db: callers, contents, lanes: waker, sweepSoon, timings: timings.recall }),
    missed: createMissed(callers),
    lanes: waker,
    setGate: createSetGate({ db: callers, lanes: waker }),
    skipHead: createSkipHead({ db: callers, lanes: waker }),
    keyStore: createKeyStore(callers),
    sweepSoon,
    egressIps: config.POSTHORN_EGRESS_IPS,
    defaultRetry: config.POSTHORN_RETRY_SCHEDULE,
    retentionDays: config.POSTHORN_RETENTION_DAYS,
  };
}

function temporalDeps(core: Core, { temporalUiUrl, worker, starting }: ServerOptions) {
  const { config, log, link, giveCommand, replays, verifications, temporalTrouble, temporalHealth, shares } = core;
  return {
    temporalUiUrl,
    temporalNamespace: config.TEMPORAL_NAMESPACE,
    temporalTrouble,
    temporalHealth,
    giveCommand,
    replays,
    verification: { usual: config.POSTHORN_VERIFY_ENDPOINTS, begin: verifications.begin },
    followKey: createFollowKey(link, log),
    ...(worker ? { workerPolls: worker.isPolling } : { countWorkers: () => countWorkers(shares.lease) }),
    ...(starting && { starting }),
  };
}

/** Who may call, from where, and what is served besides the API. */
function pageDeps(core: Core, { listening: { origin }, temporalUiUrl, siblings }: ServerOptions, docs: DocsSite) {
  const { config, vault, telemetry, tracing, shares, contents } = core;
  const apiKey = config.POSTHORN_API_KEY ?? '';
  // the sandbox is public, so it gets only one of the connections for API requests
  const signingOf = limitConcurrency({ running: 1, waiting: 10_000 }, (id: string) => readEndpointSigning(shares.callers, vault, id));
  const ofTenants = createOpenTenantSandbox({ db: shares.callers, vault, contents });
  return {
    access: accessOf(core, apiKey, origin),
    publicOrigin: origin,
    checkUrl: createAddressGuard({ allowCidrs: config.POSTHORN_ALLOW_CIDRS, ownOrigin: origin }).checkUrl,
    requests: telemetry.requests,
    tracing,
    metrics: siblings ? siblings.openPage(telemetry) : telemetry.openPage(),
    home: () => homeOf(origin, temporalUiUrl),
    mount(express: Express) {
      express.use('/sandbox', createSandbox({ apiKey, signingOf, ofTenants, recordings: siblings?.recordings }));
      express.use('/docs', docs.router);
      const originsOf = createFrameOrigins(shares.callers);
      express.use('/portal', createFramedPage({ file: join(packageRoot, 'dist/web/portal/portal.html'), originsOf }));
      for (const door of ['dashboard', 'portal']) {
        express.use(`/${door}`, createWebApp({ folder: join(packageRoot, 'dist/web', door), page: `${door}.html` }));
      }
    },
  };
}

/** So long does a server that stops wait for a message about an alert that is being sent. */
const alertsWithinMs = 15_000;
const cutOffWithinMs = 500;

const nothing = async () => undefined;

/** A server without a worker runs the checks too: it may be the only process that is left. */
function runAlerts(core: Core, origin: string): Alerts & { stop(): Promise<unknown>; end(): Promise<unknown> } {
  const alerts = openAlerts(core, origin);
  const chores = startChores({ ...core, db: core.shares.lease, reads: core.db, chores: alerts.chores });
  return {
    ...alerts,
    stop: () => within(alertsWithinMs, Promise.all([chores.stop(), alerts.watch.stop()])),
    end: () => within(cutOffWithinMs, alerts.close()),
  };
}

function accessOf({ db, log, vault, config }: Core, apiKey: string, origin: string) {
  const { POSTHORN_TRUST_PROXY: trustProxy, POSTHORN_API_RATE: perSecond } = config;
  return createAccess({ db, log, vault, apiKey, trustProxy, perSecond, openIdConnect: openIdConnectOf(config, origin) });
}
