// Opens what every role of Posthorn needs, once per process: database pool, vault, link to
// Temporal, and the modules that use them.

import type pg from 'pg';
import { type Config, deadLetterWindowMs } from '#config/config';
import { build, migrationsFolder } from '#config/package';
import { type ConnectionShares, shareConnections } from '#config/sizing';
import { checkAuditRights } from '#db/audit/audit-rights';
import { readOverdue } from '#db/deliveries/delivery-refs';
import { readInstallationFigures } from '#db/deliveries/installation-figures';
import { countOutbox } from '#db/events/backlog';
import { readTemporalError } from '#db/events/relays';
import { type ContentEncryption, createContentEncryption } from '#db/keys/content-encryption';
import { checkKeysInUse } from '#db/keys/reseal';
import { checkMasterKey, readStoreId } from '#db/keys/settings';
import { readLaneFigures } from '#db/lanes/lane-figures';
import { type LimitedDb, limitConnections } from '#db/store/connection-limit';
import { createListener, type Listener } from '#db/store/listener';
import { migrate } from '#db/store/migrate';
import { makePartitions } from '#db/store/partitions';
import { createPool, type Db } from '#db/store/pool';
import { checkTenantRole } from '#db/store/tenant-role';
import { scopedTenant } from '#db/store/tenant-scope';
import { checkTimings, type Timings, usualTimings } from '#domain/timings';
import { createParking, type Parking } from '#relay/parking';
import type { Logger } from '#runtime/logger';
import { within } from '#runtime/within';
import { createVault, type Vault } from '#sealing/vault';
import type { PoolUse, ShareUse } from '#telemetry/pool-gauges';
import { createTelemetry, type Telemetry } from '#telemetry/telemetry';
import { createGiveCommand, type GiveCommand } from '#temporal/commands';
import { createLaneWaker, type LaneWaker } from '#temporal/lane-waker';
import { openTemporalLink, type TemporalLink, temporalTrouble } from '#temporal/link';
import { createReplays, type Replays } from '#temporal/replays';
import { createStarter, type Starter } from '#temporal/starter';
import { createVerifications, type Verifications } from '#temporal/verifications';
import { openTracing, type Tracing } from '#tracing/tracing';
import { tracingSettings } from './tracing-settings.ts';

export interface Core {
  config: Config;
  log: Logger;
  timings: Timings;
  /** The flow share, for work that has no share of its own. */
  db: Db;
  /** Connections by kind of work, so that no kind blocks another. */
  shares: Record<keyof ConnectionShares, LimitedDb>;
  /** Notifications of PostgreSQL, on one connection of the lease share. */
  listener: Listener;
  vault: Vault;
  /** The id of the PostgreSQL store. */
  store: string;
  contents: ContentEncryption;
  link: TemporalLink;
  starter: Starter;
  waker: LaneWaker;
  giveCommand: GiveCommand;
  parking: Parking;
  verifications: Verifications;
  replays: Replays;
  /** What is wrong with Temporal for this process, or else for a relay; null: nothing. Never rejects. */
  temporalTrouble(): Promise<string | null>;
  /** The same, with the milliseconds in which Temporal answered this process; null: it did not. */
  temporalHealth(): Promise<{ error: string | null; latencyMs: number | null }>;
  telemetry: Telemetry;
  /** Undefined: traces are off. */
  tracing: Tracing | undefined;
  close(): Promise<void>;
}

/**
 * A configuration in which the database and the master key are known, whether set or taken from the embedded servers.
 */
export type ReadyConfig = Config & { DATABASE_URL: string; POSTHORN_MASTER_KEY: string[] };

/** A statement that goes on for so long at the end, such as one that builds an index, is left to PostgreSQL. */
const poolWithinMs = 2_000;

/**
 * Opens the database (migrated, with partitions) and begins to connect to Temporal, which may be away. Throws if
 * PostgreSQL is away. `role`: `server` if no worker will run in this process.
 */
export async function openCore(
  config: ReadyConfig,
  log: Logger,
  role: 'worker' | 'server' = 'worker',
  timings = usualTimings,
): Promise<Core> {
  checkTimings(timings);
  const sizes = shareConnections(config.DATABASE_POOL, role);
  const open = (max: number) =>
    createPool({ url: config.DATABASE_URL, max, onError: (error) => log.warn({ err: error }, 'postgres.connection_lost') });
  const pool = open(config.DATABASE_POOL - sizes.lease);
  // apart: what is asked again and again meets the same few connections, which have planned it already
  const leases = open(sizes.lease);
  const end = () => within(poolWithinMs, Promise.all([pool.end(), leases.end()]));
  try {
    const { vault, store } = await prepareStore(pool, config, log, timings);
    const tracing = await openTracing(tracingSettings(config), log);
    const parts = openParts({ config, log, timings, shares: divide(pool, leases, sizes), vault, store, tracing });
    parts.telemetry.watchPool({ pool: () => useOf([pool, leases]), shares: () => usesOf(parts.shares) });
    const close = () =>
      parts.link
        .close()
        .then(end)
        .then(() => tracing?.flush());
    return { ...parts, close };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Migrates the database, and checks that roles and master key fit it. */
async function prepareStore(pool: Db, config: ReadyConfig, log: Logger, timings: Timings): Promise<Pick<Core, 'vault' | 'store'>> {
  const applied = await migrate(pool, migrationsFolder);
  if (applied.length > 0) log.info({ applied }, 'postgres.migrated');
  await makePartitions(pool, timings.partitionDaysAhead);
  await checkTenantRole(pool);
  for (const remark of await checkAuditRights(pool)) log.info({ remark }, 'audit.not_bound_by_rights');
  const vault = createVault(config.POSTHORN_MASTER_KEY);
  await checkMasterKey(pool, vault);
  await checkKeysInUse(pool, vault);
  return { vault, store: await readStoreId(pool) };
}

function openParts(given: Pick<Core, 'config' | 'log' | 'timings' | 'shares' | 'vault' | 'store' | 'tracing'>): Omit<Core, 'close'> {
  const { config, log, timings, shares, vault, store, tracing } = given;
  const db = shares.flow;
  const link = openTemporalLink(config, log, timings.temporal, store, tracing?.client);
  const starter = createStarter(link, deadLetterWindowMs(config), timings, tracing);
  const waker = createLaneWaker({ db, link, log, heartbeat: timings.heartbeat.drain });
  const health = async () => {
    const beganAt = performance.now();
    const own = await temporalTrouble(link);
    const latencyMs = own === null ? Math.round(10 * (performance.now() - beganAt)) / 10 : null;
    return { error: own ?? (await readTemporalError(shares.lease).catch(() => null)), latencyMs };
  };
  const trouble = async () => (await health()).error;
  const gauges = {
    outboxEvents: async () => (await countOutbox(db)).events,
    overdueDeliveries: async () => (await readOverdue(db, 60_000)).count,
    temporalAway: async () => (await trouble()) !== null,
    lanes: () => readLaneFigures(db),
    installation: () => readInstallationFigures(db),
  };
  return {
    ...given,
    db,
    listener: createListener(shares.lease, log),
    contents: createContentEncryption(shares.recording, vault),
    link,
    starter,
    waker,
    giveCommand: createGiveCommand({ db, starter, lanes: waker, log }),
    parking: createParking(db, waker),
    verifications: createVerifications({ db, link, log }),
    replays: createReplays({ db, link, log, timings: timings.replays }),
    temporalTrouble: trouble,
    temporalHealth: health,
    telemetry: createTelemetry(gauges, log, build, tracing !== undefined),
  };
}

function divide(pool: Db, leases: Db, { lease, recording, flow, callers, attempts, lanes }: ConnectionShares): Core['shares'] {
  const share = (most: number) => limitConnections(pool, { most });
  return {
    lease: limitConnections(leases, { most: lease }),
    recording: share(recording),
    flow: share(flow),
    callers: limitConnections(pool, { most: callers, whose: scopedTenant }),
    attempts: share(attempts),
    lanes: share(lanes),
  };
}

function useOf(pools: pg.Pool[]): PoolUse {
  const sum = (of: (pool: pg.Pool) => number) => pools.reduce((total, pool) => total + of(pool), 0);
  return { open: sum((pool) => pool.totalCount), idle: sum((pool) => pool.idleCount), most: sum((pool) => pool.options.max) };
}

function usesOf(shares: Core['shares']): Record<string, ShareUse> {
  return Object.fromEntries(Object.entries(shares).map(([name, share]) => [name, share.use()]));
}
