// Examines an installation: configuration, PostgreSQL, Temporal, keys, requests to endpoints, and disk. It changes nothing.
// All checks run side by side, each with its own deadline, so that it ends in time also when both stores hang.
import { checkConfig } from '#config/check-config';
import type { Config } from '#config/config';
import { migrationsFolder } from '#config/package';
import { processesOf, thisMemoryMiB } from '#config/processes';
import { thisMachine } from '#config/sizing';
import type { Db } from '#db/store/pool';
import { readSchemaState } from '#db/store/schema-state';
import { connectPostgres, connectTemporal } from './connect.ts';
import { type Context, type Limits, usualLimits } from './context.ts';
import { diskChecks } from './disk.ts';
import { egressChecks } from './egress.ts';
import { findPlaces } from './find-places.ts';
import type { Finding } from './finding.ts';
import { keyChecks } from './keys.ts';
import { postgresChecks } from './postgres.ts';
import { runChecks } from './run-checks.ts';
import { settingsChecks } from './settings.ts';
import { temporalChecks } from './temporal.ts';

export interface ExamineOptions {
  env: Record<string, string | undefined>;
  limits?: Limits;
  /** The clock of this process, in ms. */
  now?: () => number;
  /** Default: those in /etc/resolv.conf. */
  nameServers?: string[];
}

export async function examine({ env, limits = usualLimits, now = Date.now, nameServers }: ExamineOptions): Promise<Finding[]> {
  const checked = checkConfig(env);
  const { config } = checked;
  const places = findPlaces(config);
  const { databaseUrl, temporalAddress } = places;
  // the checks that need a connection begin when it is there
  const connectMs = limits.withinMs * 0.8;
  const postgres = databaseUrl === undefined ? null : connectPostgres(databaseUrl, connectMs);
  const temporal = temporalAddress === undefined ? null : connectTemporal(config, temporalAddress, connectMs);
  const db = postgres?.then((open) => open.db) ?? null;
  const context: Context = { config, limits, now, processes: processesHere(config), nameServers, places, ...whenReady(db) };
  const checks = [
    ...settingsChecks(checked),
    ...postgresChecks(context, db),
    ...temporalChecks(context, temporal, temporalAddress ?? ''),
    ...keyChecks(context),
    ...egressChecks(context),
    ...diskChecks(context),
  ];
  const found = await runChecks(checks, limits.withinMs);
  // not awaited: the end of a connection that hangs takes as long as it likes
  void postgres?.then((open) => open.close()).catch(() => undefined);
  void temporal?.then((open) => open.close()).catch(() => undefined);
  return found;
}

const processesHere = (config: Config) => processesOf(config, thisMachine(), thisMemoryMiB());

function whenReady(connecting: Promise<Db> | null): Pick<Context, 'db' | 'migrated'> {
  const db = connecting?.catch(() => null) ?? Promise.resolve(null);
  return { db, migrated: db.then((open) => open && onlyMigrated(open)).catch(() => null) };
}

async function onlyMigrated(db: Db): Promise<Db | null> {
  const { missing, fault } = await readSchemaState(db, migrationsFolder);
  return missing.length === 0 && fault === null ? db : null;
}
