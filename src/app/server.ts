// The server role: HTTP API and sandbox on one port.
// It has no relay. In one process with a worker it uses the worker's.
import { setTimeout as delay } from 'node:timers/promises';
import type { Express } from 'express';
import { createAccess } from '#api/access/access';
import { createApp } from '#api/app';
import { startChores } from '#chores/chores';
import { shutdownDelayMs } from '#config/config';
import { createMissed } from '#db/deliveries/missed-lists';
import { countWorkers } from '#db/events/relays';
import { createKeyStore } from '#db/keys/key-rotation';
import { isStoreUp } from '#db/keys/settings';
import { askForSweep } from '#db/store/listen';
import { scopedDb } from '#db/store/tenant-scope';
import { createSetGate } from '#lanes/set-gate';
import { createSkipHead } from '#lanes/skip-head';
import { createAddressGuard } from '#outbound/address-guard';
import { createBacklog } from '#relay/backlog';
import { createIngest } from '#relay/ingest';
import { createRecall } from '#relay/recall';
import type { Reached } from '#runtime/checkpoints';
import { limitConcurrency } from '#sandbox/concurrency-limit';
import { createSandbox } from '#sandbox/sandbox';
import { Feed } from '#stream/feed';
import { deliveryChanges } from '#stream/sources';
import { createFollowKey } from '#temporal/key-following';
import { type Alerts, openAlerts } from './alerts.ts';
import type { Core } from './core.ts';
import { readEndpointSigning } from './endpoint-signing.ts';
import { homePage } from './home-page.ts';
import type { Listening } from './listening.ts';
import type { Siblings } from './siblings.ts';
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
export function startServer(
  core: Core,
  { listening: { serve, origin, close }, temporalUiUrl, worker, starting, siblings, reached }: ServerOptions,
): () => Promise<void> {
  const { config, db, log, vault, contents, link, waker, parking, giveCommand, telemetry } = core;
  const { callers, lease } = core.shares;
  const feed = new Feed({ db: lease, sources: [deliveryChanges(lease)], replays: [deliveryChanges(callers)], log });
  const relay = worker?.relay;
  let stopping = false;
  const apiKey = config.POSTHORN_API_KEY ?? '';
  const guard = createAddressGuard({ allowCidrs: config.POSTHORN_ALLOW_CIDRS, ownOrigin: origin });
  const limits = { perTenant: config.POSTHORN_MAX_WAITING_PER_TENANT, inAll: config.POSTHORN_MAX_WAITING };
  const backlog = createBacklog({ db, log, limits });
  telemetry.watchServer({ refusing: backlog.refusing });
  // the sandbox is public, so it gets only one of the connections for API requests
  const signingOf = limitConcurrency({ running: 1, waiting: 10_000 }, (id: string) => readEndpointSigning(callers, vault, id));
  const alerts = worker ? { ...worker.alerts, stop: async () => undefined } : runAlerts(core, origin);
  const app = createApp({
    db: scopedDb(callers),
    storeUp: () => isStoreUp(lease),
    log,
    vault,
    contents,
    access: accessOf(core, apiKey),
    publicOrigin: origin,
    temporalUiUrl,
    temporalNamespace: config.TEMPORAL_NAMESPACE,
    checkUrl: guard.checkUrl,
    accept: createIngest({ db, contents, relay, backlog, parking, metrics: telemetry.ingest, reached }),
    giveCommand,
    recall: createRecall({ db: callers, lanes: waker, sweepSoon: () => askForSweep(db, log), timings: core.timings.recall }),
    missed: createMissed(callers),
    replays: core.replays,
    lanes: waker,
    setGate: createSetGate({ db: callers, lanes: waker }),
    verification: { usual: config.POSTHORN_VERIFY_ENDPOINTS, begin: core.verifications.begin },
    egressIps: config.POSTHORN_EGRESS_IPS,
    retentionDays: config.POSTHORN_RETENTION_DAYS,
    skipHead: createSkipHead({ db: callers, lanes: waker }),
    keyStore: createKeyStore(callers),
    followKey: createFollowKey(link, log),
    alertChannels: { test: alerts.channels.test, hasMailer: alerts.hasMailer },
    sweepSoon: () => askForSweep(db, log),
    feed,
    requests: telemetry.requests,
    tracing: core.tracing,
    metrics: siblings ? siblings.openPage(telemetry) : telemetry.openPage(),
    refusing: backlog.refusing,
    temporalTrouble: core.temporalTrouble,
    ...(worker ? { workerPolls: worker.isPolling } : { countWorkers: () => countWorkers(lease) }),
    ...(starting && { starting }),
    stopping: () => stopping,
    home: () => homePage(origin, temporalUiUrl),
    mount: (express: Express) => express.use('/sandbox', createSandbox({ apiKey, signingOf, recordings: siblings?.recordings })),
  });
  serve(app);
  log.info({ origin }, 'server.started');
  return async () => {
    stopping = true;
    const delayMs = shutdownDelayMs(config);
    if (delayMs > 0) await delay(delayMs + (siblings ? siblingsMarginMs : 0));
    feed.stop();
    await close();
    backlog.stop();
    await alerts.stop();
  };
}

/** A server without a worker runs the checks too: it may be the only process that is left. */
function runAlerts(core: Core, origin: string): Alerts & { stop(): Promise<void> } {
  const alerts = openAlerts(core, origin);
  const chores = startChores(core.shares.lease, alerts.chores, core.log);
  return { ...alerts, stop: () => chores.stop().then(alerts.close) };
}

function accessOf({ db, log, vault, config: { POSTHORN_TRUST_PROXY: trustProxy, POSTHORN_API_RATE: perSecond } }: Core, apiKey: string) {
  return createAccess({ db, log, vault, apiKey, trustProxy, perSecond });
}
