// What every role of Posthorn needs, opened once per process: store, vault, link to Temporal, and what speaks through them.

import { type Config, deadLetterWindowMs } from './config.ts';
import { type Contents, createContents } from './contents.ts';
import { checkAuditRights } from './db/audit-rights.ts';
import { countOutbox } from './db/backlog.ts';
import { limitConnections } from './db/connection-limit.ts';
import { readLaneFigures } from './db/lane-figures.ts';
import { migrate } from './db/migrate.ts';
import { makePartitions } from './db/partitions.ts';
import { createPool, type Db } from './db/pool.ts';
import { checkKeysInUse } from './db/reseal.ts';
import { checkMasterKey } from './db/secrets.ts';
import { checkTenantRole } from './db/tenant-role.ts';
import { scopedTenant } from './db/tenant-scope.ts';
import { sealWhatIsNot } from './db/unsealed.ts';
import type { Logger } from './logger.ts';
import { migrationsFolder } from './package.ts';
import { createParking, type Parking } from './relay/parking.ts';
import { type ConnectionShares, shareConnections } from './sizing.ts';
import { createTelemetry, type Telemetry } from './telemetry.ts';
import { createLaneWaker, type LaneWaker } from './temporal/lane-waker.ts';
import { isTemporalAway, openTemporalLink, type TemporalLink } from './temporal/link.ts';
import { createGiveOrder, type GiveOrder } from './temporal/orders.ts';
import { createStarter, type Starter } from './temporal/starter.ts';
import { createVerifications, type Verifications } from './temporal/verifications.ts';
import { createVault, type Vault } from './vault.ts';

export interface Core {
  config: Config;
  log: Logger;
  /** Its flow share: for what has no share of its own. */
  db: Db;
  /** By kind of work: nothing that one kind waits for keeps a connection from another. */
  shares: Record<keyof ConnectionShares, Db>;
  vault: Vault;
  contents: Contents;
  link: TemporalLink;
  starter: Starter;
  waker: LaneWaker;
  giveOrder: GiveOrder;
  parking: Parking;
  verifications: Verifications;
  telemetry: Telemetry;
  close(): Promise<void>;
}

/** A configuration in which the embedded servers have been started or named: database and master key are known. */
export type ReadyConfig = Config & { DATABASE_URL: string; POSTHORN_MASTER_KEY: string[] };

/**
 * Opens the store (migrated, with partitions), and begins to connect to Temporal, which may be away. Throws when PostgreSQL is. `role`: `server` when no
 * worker will run in this process.
 */
export async function openCore(config: ReadyConfig, log: Logger, role: 'worker' | 'server' = 'worker'): Promise<Core> {
  const pool = createPool({
    url: config.DATABASE_URL,
    max: config.DATABASE_POOL,
    onError: (error) => log.warn({ err: error }, 'postgres.connection_lost'),
  });
  try {
    const applied = await migrate(pool, migrationsFolder);
    if (applied.length > 0) log.info({ applied }, 'postgres.migrated');
    await makePartitions(pool);
    await checkTenantRole(pool);
    for (const remark of await checkAuditRights(pool)) log.info({ remark }, 'audit.not_bound_by_rights');
    const vault = createVault(config.POSTHORN_MASTER_KEY);
    await checkMasterKey(pool, vault);
    await checkKeysInUse(pool, vault);
    await sealWhatIsNot(pool, vault);
    const shares = divide(pool, shareConnections(config.DATABASE_POOL, role));
    const db = shares.flow;
    const contents = createContents(shares.recording, vault);
    const link = openTemporalLink(config, log);
    const windowMs = deadLetterWindowMs(config);
    const starter = createStarter(link, windowMs);
    const waker = createLaneWaker({ db, link, log });
    const giveOrder = createGiveOrder({ db, link, lanes: waker, log, deadLetterWindowMs: windowMs });
    return {
      config,
      log,
      db,
      shares,
      vault,
      contents,
      link,
      starter,
      waker,
      giveOrder,
      parking: createParking(db, waker),
      verifications: createVerifications({ db, link, log }),
      telemetry: createTelemetry(
        {
          outboxEvents: async () => (await countOutbox(db)).events,
          temporalAway: () => isTemporalAway(link),
          lanes: () => readLaneFigures(db),
        },
        log,
      ),
      async close() {
        await link.close();
        await pool.end();
      },
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

function divide(pool: Db, { lease, recording, flow, callers, attempts, lanes }: ConnectionShares): Core['shares'] {
  const share = (most: number) => limitConnections(pool, { most });
  return {
    lease: share(lease),
    recording: share(recording),
    flow: share(flow),
    callers: limitConnections(pool, { most: callers, whose: scopedTenant }),
    attempts: share(attempts),
    lanes: share(lanes),
  };
}
