// The server role: HTTP API and sandbox on one port.
// It has no relay. In one process with a worker it uses the worker's.
import type { Express } from 'express';
import { createAccess } from '#api/access/access';
import { createApp } from '#api/app';
import { createKeyStore } from '#db/keys/key-rotation';
import { isStoreUp } from '#db/keys/settings';
import { askForSweep } from '#db/store/listen';
import { scopedDb } from '#db/store/tenant-scope';
import { createSetGate } from '#lanes/set-gate';
import { createSkipHead } from '#lanes/skip-head';
import { createAddressGuard } from '#outbound/address-guard';
import { createBacklog } from '#relay/backlog';
import { createIngest } from '#relay/ingest';
import type { Reached } from '#runtime/checkpoints';
import { limitConcurrency } from '#sandbox/concurrency-limit';
import { createSandbox } from '#sandbox/sandbox';
import { createFollowKey } from '#temporal/key-following';
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
  worker: Pick<RunningWorker, 'relay' | 'isPolling'> | undefined;
  /** True while this start still creates the demo data. */
  starting?: () => boolean;
  /** The other processes behind the same port. Default: there are none. */
  siblings?: Pick<Siblings, 'recordings' | 'openPage'> | undefined;
  reached?: Reached;
}

/** Serves until the returned function is called. That function waits for requests in progress, at most 10 s. */
export function startServer(
  core: Core,
  { listening: { serve, origin, close }, temporalUiUrl, worker, starting, siblings, reached }: ServerOptions,
): () => Promise<void> {
  const { config, db, log, vault, contents, link, waker, parking, giveCommand, telemetry } = core;
  const { callers, lease } = core.shares;
  const relay = worker?.relay;
  const apiKey = config.POSTHORN_API_KEY ?? '';
  const guard = createAddressGuard({ allowCidrs: config.POSTHORN_ALLOW_CIDRS, ownOrigin: origin });
  const limits = { perTenant: config.POSTHORN_MAX_WAITING_PER_TENANT, inAll: config.POSTHORN_MAX_WAITING };
  const backlog = createBacklog({ db, log, limits });
  telemetry.watchServer({ refusing: backlog.refusing });
  // the sandbox is public, so it gets only one of the connections for API requests
  const signingOf = limitConcurrency({ running: 1, waiting: 10_000 }, (id: string) => readEndpointSigning(callers, vault, id));
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
    lanes: waker,
    setGate: createSetGate({ db: callers, lanes: waker }),
    verification: { usual: config.POSTHORN_VERIFY_ENDPOINTS, begin: core.verifications.begin },
    egressIps: config.POSTHORN_EGRESS_IPS,
    skipHead: createSkipHead({ db: callers, lanes: waker }),
    keyStore: createKeyStore(callers),
    followKey: createFollowKey(link, log),
    sweepSoon: () => askForSweep(db, log),
    requests: telemetry.requests,
    tracing: core.tracing,
    metrics: siblings ? siblings.openPage(telemetry) : telemetry.openPage(),
    refusing: backlog.refusing,
    temporalTrouble: core.temporalTrouble,
    ...(worker && { workerPolls: worker.isPolling }),
    ...(starting && { starting }),
    home: () => homePage(origin, temporalUiUrl),
    mount: (express: Express) => express.use('/sandbox', createSandbox({ apiKey, signingOf, recordings: siblings?.recordings })),
  });
  serve(app);
  log.info({ origin }, 'server.started');
  return async () => {
    await close();
    backlog.stop();
  };
}

function accessOf({ db, log, vault, config: { POSTHORN_TRUST_PROXY: trustProxy, POSTHORN_API_RATE: perSecond } }: Core, apiKey: string) {
  return createAccess({ db, log, vault, apiKey, trustProxy, perSecond });
}
