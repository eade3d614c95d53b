// Starts only the API over real HTTP, with its own database, without a relay, and with Temporal
// unreachable.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type pg from 'pg';
import { pino } from 'pino';
import { createChannelSender } from '#alerts/channel-sender';
import { createMailer } from '#alerts/email';
import { type AccessOptions, createAccess } from '#api/access/access';
import { createApp } from '#api/app';
import type { ApiDeps } from '#api/routes/deps';
import { createConformanceCheck } from '#app/conformance';
import { Catalogue } from '#catalogue/catalogue';
import { readConfig } from '#config/config';
import { build } from '#config/package';
import { readOverdue } from '#db/deliveries/delivery-refs';
import { readInstallationFigures } from '#db/deliveries/installation-figures';
import { createMissed } from '#db/deliveries/missed-lists';
import { countOutbox } from '#db/events/backlog';
import { createContentEncryption } from '#db/keys/content-encryption';
import { createKeyStore } from '#db/keys/key-rotation';
import { isStoreUp } from '#db/keys/settings';
import { readLaneFigures } from '#db/lanes/lane-figures';
import { createListener, type Listener } from '#db/store/listener';
import { createPool } from '#db/store/pool';
import { scopedDb } from '#db/store/tenant-scope';
import type { TypePolicy } from '#domain/catalogue/known-event';
import { usualTimings } from '#domain/timings';
import { createSetGate } from '#lanes/set-gate';
import { createSkipHead } from '#lanes/skip-head';
import { ListenerStreams } from '#listen/listener-streams';
import { createAddressGuard } from '#outbound/address-guard';
import { createSender } from '#outbound/send';
import { createIngest } from '#relay/ingest';
import { createParking } from '#relay/parking';
import { createRecall } from '#relay/recall';
import type { Logger } from '#runtime/logger';
import { createVault } from '#sealing/vault';
import { Feed } from '#stream/feed';
import { allChanges } from '#stream/sources';
import { createTelemetry, type Telemetry } from '#telemetry/telemetry';
import { createGiveCommand } from '#temporal/commands';
import { createFollowKey } from '#temporal/key-following';
import { createLaneWaker } from '#temporal/lane-waker';
import { openTemporalLink } from '#temporal/link';
import { createReplays } from '#temporal/replays';
import { createStarter } from '#temporal/starter';
import { createVerifications } from '#temporal/verifications';
import { type Api, createApi } from '../support/api.ts';
import { createTestDatabase } from '../support/database.ts';
import { installTestRuntime } from '../support/runtime.ts';

export const apiKey = 'test-key-0123456789abcdef';

export interface ApiServer extends Api {
  origin: string;
  db: pg.Pool;
  deps: ApiDeps;
  /** The number of sweeps that the API has requested. */
  sweeps(): number;
  logLines: { msg: string; level: number; [field: string]: unknown }[];
  http: Server;
  close(): Promise<void>;
}

export interface ApiServerOptions {
  /** Use this database instead of a new one. */
  databaseUrl?: string;
  logLevel?: string;
  /** One key, or several separated by commas. */
  masterKey?: string;
  access?: Pick<AccessOptions, 'perSecond' | 'trustProxy'> & {
    /** The address of this server is known only when it listens. */
    openIdConnectAt?(origin: string): AccessOptions['openIdConnect'];
  };
  /** For alerts by email. Default: no server is configured. */
  smtpUrl?: string;
  /** For types that are not registered, deprecated or past their sunset. Default: the usual one. */
  policy?: Partial<TypePolicy>;
  /** Gets no notifications of PostgreSQL, as behind a pooler of transactions. */
  isDeaf?: boolean;
}

/** LISTEN is accepted, and no notification comes. */
const deafListener: Listener = {
  on(_channel, onMessage) {
    onMessage('');
    return () => undefined;
  },
};

function telemetryOf(db: pg.Pool, log: Logger): Telemetry {
  const facts = {
    outboxEvents: async () => (await countOutbox(db)).events,
    overdueDeliveries: async () => (await readOverdue(db, 60_000)).count,
    temporalAway: async () => true,
    lanes: () => readLaneFigures(db),
    installation: () => readInstallationFigures(db),
  };
  return createTelemetry(facts, log, build);
}

export async function startApi({
  databaseUrl,
  logLevel = 'info',
  masterKey = Buffer.alloc(32, 7).toString('base64'),
  access,
  smtpUrl,
  policy,
  isDeaf = false,
}: ApiServerOptions = {}): Promise<ApiServer> {
  const database = databaseUrl === undefined ? await createTestDatabase() : undefined;
  const db = database?.db ?? createPool({ url: databaseUrl ?? '', max: 10, onError: () => undefined });
  const logLines: ApiServer['logLines'] = [];
  const log = pino({ level: logLevel }, { write: (line: string) => logLines.push(JSON.parse(line)) });
  installTestRuntime();
  const link = openTemporalLink(readConfig({ TEMPORAL_ADDRESS: '127.0.0.1:1' }), pino({ level: 'silent' }));
  // the client keeps connections while a test blocks the process, such as by compiling schemas
  const http = createServer({ keepAliveTimeout: 65_000 });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const lanes = createLaneWaker({ db, link, log });
  const vault = createVault(masterKey.split(','));
  const contents = createContentEncryption(db, vault);
  let sweeps = 0;
  const accept = createIngest({ db, contents, relay: undefined, parking: createParking(db, lanes) });
  const giveCommand = createGiveCommand({ db, starter: createStarter(link, 60_000), lanes, log });
  const guard = createAddressGuard({ allowCidrs: ['127.0.0.0/8'], ownOrigin: origin });
  const sender = createSender({ guard, userAgent: 'Posthorn/test' });
  const mailer = smtpUrl === undefined ? null : createMailer(smtpUrl, 'Posthorn <alerts@posthorn.test>');
  const cancel = (deliveryId: string) => giveCommand(deliveryId, { kind: 'cancel' });
  const alertChannels = createChannelSender({ db, vault, sender, mailer, accept, cancel });
  const metrics = telemetryOf(db, log);
  const feed = new Feed({ db, sources: allChanges(db), replays: allChanges(db), log, checkEveryMs: 100 });
  // a connection of its own, so that tests that use up those of the API find as many as before
  const listening = createPool({ url: db.options.connectionString ?? '', max: 1, onError: () => undefined });
  const notifications = isDeaf ? deafListener : createListener(listening, log);
  const usualPolicy = { unregistered: 'off', deprecated: 'warn', sunset: 'reject' } as const;
  const catalogue = new Catalogue({
    db,
    listener: notifications,
    policy: { ...usualPolicy, ...policy },
    log,
    metrics: metrics.catalogue,
  });
  const deps: ApiDeps = {
    db: scopedDb(db),
    storeUp: () => isStoreUp(db),
    log,
    vault,
    contents,
    access: createAccess({ db, log, vault, apiKey, ...access, openIdConnect: access?.openIdConnectAt?.(origin) ?? null }),
    publicOrigin: origin,
    temporalUiUrl: 'http://temporal.test:8233/',
    temporalNamespace: 'default',
    checkUrl: guard.checkUrl,
    accept,
    catalogue,
    giveCommand,
    recall: createRecall({ db, contents, lanes, sweepSoon: () => void sweeps++, timings: { settleMs: 200, lookEveryMs: 20 } }),
    missed: createMissed(db),
    replays: createReplays({ db, link, log, timings: usualTimings.replays }),
    lanes,
    setGate: createSetGate({ db, lanes }),
    verification: { usual: 'none', begin: createVerifications({ db, link, log }).begin },
    egressIps: ['192.0.2.0/24'],
    defaultRetry: { schedule: ['5s', '1m', '5m', '30m', '2h', '5h', '12h', '24h'] },
    retentionDays: 90,
    skipHead: createSkipHead({ db, lanes }),
    keyStore: createKeyStore(db),
    followKey: createFollowKey(link, log),
    conformance: createConformanceCheck({ db, vault, sender }),
    alertChannels: { test: alertChannels.test, hasMailer: mailer !== null },
    sweepSoon: () => void sweeps++,
    feed,
    listeners: new ListenerStreams({ db, notifications, vault, log, timings: usualTimings.listen }),
    requests: metrics.requests,
    metrics: metrics.openPage(),
    refusing: () => ({ all: false, tenants: 0 }),
    temporalTrouble: async () => 'no Temporal here',
    temporalHealth: async () => ({ error: 'no Temporal here', latencyMs: null }),
    home: () => ({ html: '<!doctype html><title>Posthorn</title>' }),
  };
  http.on('request', createApp(deps));
  return {
    ...createApi(origin, apiKey),
    origin,
    http,
    db,
    deps,
    logLines,
    sweeps: () => sweeps,
    async close() {
      catalogue.stop();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
      await link.close();
      await listening.end();
      await (database?.drop() ?? db.end());
    },
  };
}
