// The server role: HTTP API and sandbox on one port. It has no relay of its own; in one process with a worker it is given the worker's.
import type { Express } from 'express';
import { createAccess } from './api/access.ts';
import { createApp } from './api/app.ts';
import type { Reached } from './checkpoints.ts';
import type { Core } from './core.ts';
import { createKeyStore } from './db/key-rotation.ts';
import { askForSweep } from './db/listen.ts';
import { isStoreUp } from './db/settings.ts';
import { scopedDb } from './db/tenant-scope.ts';
import { readEndpointSigning } from './endpoint-signing.ts';
import { homePage } from './home-page.ts';
import { createSetGate } from './lanes/set-gate.ts';
import { createSkipHead } from './lanes/skip-head.ts';
import { close, type Listening } from './listening.ts';
import { createAddressGuard } from './outbound/address-guard.ts';
import { createBacklog } from './relay/backlog.ts';
import { createIngest } from './relay/ingest.ts';
import type { Relay } from './relay/relay.ts';
import { atMost } from './sandbox/at-most.ts';
import { createSandbox } from './sandbox/sandbox.ts';
import { createFollowKey } from './temporal/key-following.ts';
import { isTemporalAway } from './temporal/link.ts';

export interface ServerOptions {
  listening: Listening;
  temporalUiUrl: string | null;
  relay: Relay | undefined;
  /** This start still makes what it is to show. */
  starting?: () => boolean;
  reached?: Reached;
}

/** Serves until the returned function is called, which lets requests end, 10 s at most. */
export function startServer(
  core: Core,
  { listening: { http, serve, origin }, temporalUiUrl, relay, starting, reached }: ServerOptions,
): () => Promise<void> {
  const { config, db, log, vault, contents, link, waker, parking, giveOrder, telemetry } = core;
  const { callers, lease } = core.shares;
  const apiKey = config.POSTHORN_API_KEY ?? '';
  const guard = createAddressGuard({ allowCidrs: config.POSTHORN_ALLOW_CIDRS, ownOrigin: origin });
  const limits = { perTenant: config.POSTHORN_MAX_WAITING_PER_TENANT, inAll: config.POSTHORN_MAX_WAITING };
  const backlog = createBacklog({ db, log, limits });
  telemetry.watchServer({ refusing: backlog.refusing });
  // anybody may post to the sandbox: it gets one of the callers' connections
  const signingOf = atMost({ running: 1, waiting: 10_000 }, (id: string) => readEndpointSigning(callers, vault, id));
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
    giveOrder,
    lanes: waker,
    setGate: createSetGate({ db: callers, lanes: waker }),
    verification: { usual: config.POSTHORN_VERIFY_ENDPOINTS, begin: core.verifications.begin },
    egressIps: config.POSTHORN_EGRESS_IPS,
    skipHead: createSkipHead({ db: callers, lanes: waker }),
    keyStore: createKeyStore(callers),
    followKey: createFollowKey(link, log),
    sweepSoon: () => (relay ? relay.sweepSoon() : askForSweep(db, log)),
    metrics: telemetry.openPage(),
    refusing: backlog.refusing,
    temporalAway: () => isTemporalAway(link),
    ...(starting && { starting }),
    home: () => homePage(origin, temporalUiUrl),
    mount: (express: Express) => express.use('/sandbox', createSandbox({ apiKey, signingOf })),
  });
  serve(app);
  log.info({ origin }, 'server.started');
  return async () => {
    await close(http);
    backlog.stop();
  };
}

function accessOf({ db, log, vault, config: { POSTHORN_TRUST_PROXY: trustProxy, POSTHORN_API_RATE: perSecond } }: Core, apiKey: string) {
  return createAccess({ db, log, vault, apiKey, trustProxy, perSecond });
}
