// Checks of PostgreSQL: whether it answers, its version and clock, connections, schema, roles and partitions.
import { migrationsFolder } from '#config/package';
import { auditRights } from '#db/audit/audit-rights';
import { missingPartitions } from '#db/store/partitions';
import type { Db } from '#db/store/pool';
import { readSchemaState } from '#db/store/schema-state';
import { readClock, readOutboxSize, readServerFacts } from '#db/store/server-facts';
import { checkTenantRole, TenantRoleError } from '#db/store/tenant-role';
import type { Context } from './context.ts';
import type { Finding, Findings } from './finding.ts';
import { wordsOf } from './finding.ts';
import type { Check } from './run-checks.ts';

const oldestVersion = 150_000;

/** `connecting`: rejects if PostgreSQL does not answer. */
export function postgresChecks(context: Context, connecting: Promise<Db> | null): Check[] {
  const withDb = (check: (findings: Findings, db: Db, context: Context) => Promise<Finding[]>, db = context.db) => ({
    run: async (findings: Findings) => db.then((open) => (open ? check(findings, open, context) : [])),
  });
  return [
    {
      name: 'postgres.reachable',
      run: (findings) => reachable(findings, context, connecting),
      late: { message: 'PostgreSQL does not answer', advice: checkAddress, unreachable: true },
    },
    { name: 'postgres.version', ...withDb(version) },
    { name: 'postgres.clock', ...withDb(clock) },
    { name: 'postgres.connections', ...withDb(connections) },
    { name: 'postgres.transactions', ...withDb(transactions) },
    { name: 'postgres.schema', ...withDb(schema) },
    { name: 'postgres.roles', ...withDb(roles, context.migrated) },
    { name: 'postgres.partitions', ...withDb(partitions, context.migrated) },
    { name: 'postgres.outbox', ...withDb(outbox, context.migrated) },
  ];
}

const checkAddress =
  'Check host, port, database, user and password in DATABASE_URL, and that the server runs and accepts connections from here.';

async function reachable({ ok, unreachable }: Findings, { places, config }: Context, connecting: Promise<Db> | null): Promise<Finding[]> {
  if (connecting === null)
    return unreachable(
      places.fault
        ? `The data folder ${places.dataDir} cannot be read: ${places.fault}.`
        : `DATABASE_URL is not set, and no embedded PostgreSQL runs on ${places.dataDir}.`,
      'Start Posthorn with `npm start`, set POSTHORN_DATA_DIR to the folder of the one that runs, or set DATABASE_URL.',
    );
  try {
    await connecting;
    return ok(config.DATABASE_URL ? 'PostgreSQL answers.' : 'The embedded PostgreSQL answers.');
  } catch (error) {
    return unreachable(`PostgreSQL does not answer: ${wordsOf(error)}.`, checkAddress);
  }
}

async function version({ ok, error }: Findings, db: Db): Promise<Finding[]> {
  const { versionNumber, version: text, isStandby } = await readServerFacts(db);
  if (versionNumber < oldestVersion) return error(`PostgreSQL ${text} is too old.`, 'Upgrade to PostgreSQL 15 or later.');
  if (isStandby) return error('DATABASE_URL leads to a standby, which cannot write.', 'Name the primary, or an address that follows it.');
  return ok(`PostgreSQL ${text}.`);
}

async function clock({ ok, warning, error }: Findings, db: Db, { now, limits }: Context): Promise<Finding[]> {
  const before = now();
  const there = (await readClock(db)).getTime();
  const after = now();
  // the answer was made at some time between the two
  const skewMs = there < before ? before - there : there > after ? there - after : 0;
  const direction = there < before ? 'ahead of' : 'behind';
  const message = `The clock of this machine is ${(skewMs / 1_000).toFixed(1)} s ${direction} the one of PostgreSQL.`;
  const advice = 'Synchronise both with NTP: timestamps of signatures, retry times and partitions depend on them.';
  if (skewMs > limits.clockSkewMs.error) return error(message, advice);
  if (skewMs > limits.clockSkewMs.warning) return warning(message, advice);
  return ok('The clocks of this machine and of PostgreSQL agree.');
}

async function connections({ ok, warning, error }: Findings, db: Db, { config, processes }: Context): Promise<Finding[]> {
  const { maxConnections: most, connections: used } = await readServerFacts(db);
  const needed = config.DATABASE_POOL * processes;
  const use = `DATABASE_POOL ${config.DATABASE_POOL} × ${processes} processes of this machine`;
  const advice = 'Raise max_connections of PostgreSQL, or lower DATABASE_POOL or POSTHORN_PROCESSES.';
  if (needed > most) return error(`PostgreSQL allows ${most} connections, and ${use} needs ${needed}.`, advice);
  if (used > most * 0.8) return warning(`${used} of ${most} connections of PostgreSQL are in use.`, advice);
  return ok(`${used} of ${most} connections are in use; ${use} takes ${needed} at most.`);
}

async function transactions({ ok, warning }: Findings, db: Db, { limits, now }: Context): Promise<Finding[]> {
  const { oldestTransaction, clock: there } = await readServerFacts(db);
  const ageMs = oldestTransaction === null ? 0 : Math.min(there.getTime(), now()) - oldestTransaction.getTime();
  if (ageMs <= limits.oldTransactionMs) return ok('No transaction is old.');
  return warning(
    `A transaction of this database is open since ${oldestTransaction?.toISOString()}. VACUUM cannot remove rows that were deleted since.`,
    'Find it in pg_stat_activity (xact_start), and end it with pg_terminate_backend if nothing needs it.',
  );
}

async function schema({ ok, warning, error }: Findings, db: Db): Promise<Finding[]> {
  const { applied, missing, later, fault } = await readSchemaState(db, migrationsFolder);
  if (fault !== null) return error(fault, 'Use the version of Posthorn that set this database up, or a new database.');
  if (applied === 0) return warning('The database is empty.', 'Run `posthorn migrate`, or start Posthorn, which does the same.');
  if (missing.length > 0)
    return error(
      `${missing.length} migrations are missing, from ${missing[0]} on.`,
      'Run `posthorn migrate`, or start this version, which does the same.',
    );
  if (later.length > 0)
    return warning(`A later version has migrated the database (${later.join(', ')}).`, 'Continue the upgrade, or see docs/upgrades.md.');
  return ok(`All ${applied} migrations are applied.`);
}

async function roles({ ok, warning, error }: Findings, db: Db, { config }: Context): Promise<Finding[]> {
  try {
    await checkTenantRole(db);
  } catch (fault) {
    if (!(fault instanceof TenantRoleError)) throw fault;
    return error(`Tenant isolation: ${fault.message}`, 'Create and grant the roles as docker-compose.yml does (docs/access.md).');
  }
  const { faults, remarks } = await auditRights(db);
  if (faults.length > 0) return error(faults.join(' '), 'Correct the rights: see docs/audit.md. No process starts until then.');
  // the embedded server has only its superuser
  if (remarks.length > 0 && config.DATABASE_URL !== undefined)
    return warning(`${remarks.join('. ')}.`, 'Use roles of their own in production: see docs/audit.md.');
  return ok('The roles for tenants and for the audit log are as they should be.');
}

async function partitions({ ok, warning, error }: Findings, db: Db, { limits }: Context): Promise<Finding[]> {
  // they are made each day, so that one day may be missing at the far end
  const ahead = Math.max(1, limits.partitionDaysAhead - 2);
  const missing = await missingPartitions(db, ahead);
  if (missing.length === 0) return ok(`Partitions exist for the next ${ahead} days and more.`);
  const days = [...new Set(missing.map(({ day }) => day))];
  const advice = 'Run `posthorn migrate`, which creates them, and find out why no worker has: look for `chore` in the log.';
  const message = `Partitions are missing for ${days.length} days from ${days[0]} on.`;
  const soon = await missingPartitions(db, 1);
  return soon.length > 0 ? error(`${message} Events of these days cannot be stored.`, advice) : warning(message, advice);
}

async function outbox({ ok, warning }: Findings, db: Db, { limits }: Context): Promise<Finding[]> {
  const { bytes, rows, vacuumedAt } = await readOutboxSize(db);
  const size = `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  if (bytes <= limits.outbox.bytes || rows >= 10_000 || bytes / (rows + 1) <= limits.outbox.bytesEachRow)
    return ok(`The outbox takes ${size}.`);
  return warning(
    `The outbox takes ${size} for ${rows} rows; vacuumed: ${vacuumedAt?.toISOString() ?? 'never'}.`,
    'End old transactions, in all databases of the server, and unused replication slots, then run `vacuum (full, analyze) outbox` at a quiet time: it locks the table for some seconds.',
  );
}
