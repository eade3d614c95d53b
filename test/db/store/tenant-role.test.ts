// The tenant role: created by the migrating role, where that may create roles, and checked at every
// start.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { migrationsFolder } from '#config/package';
import { migrate } from '#db/store/migrate';
import { createPool } from '#db/store/pool';
import { checkTenantRole } from '#db/store/tenant-role';

const owner = `owner_${randomBytes(6).toString('hex')}`;
const other = `other_${randomBytes(6).toString('hex')}`;
const password = randomBytes(12).toString('hex');
const role = `posthorn_tenant_of_${owner}`;
const databases = [`${owner}_1`, `${owner}_2`] as const;
let admin: pg.Client;
beforeAll(async () => {
  admin = new pg.Client({ connectionString: inject('postgresUrl') });
  await admin.connect();
  for (const name of [owner, other]) await admin.query(`create role ${name} login password '${password}'`);
  for (const name of databases) await admin.query(`create database ${name} owner ${owner}`);
});
afterAll(async () => {
  for (const name of databases) await admin.query(`drop database ${name} with (force)`);
  for (const name of [role, owner, other]) await admin.query(`drop role if exists ${name}`);
  await admin.end();
});

function poolOf(database: string, user = owner): pg.Pool {
  const url = new URL(inject('postgresUrl'));
  Object.assign(url, { pathname: database, username: user, password });
  return createPool({ url: url.href, max: 2, onError: () => undefined });
}

it('has to be created by an administrator if the owner may not; then databases of one owner migrate concurrently', async () => {
  const pools = databases.map((name) => poolOf(name));
  const [first = poolOf('')] = pools;
  const fault = await migrate(first, migrationsFolder).catch((error: Error) => error.cause);
  const task = `create role ${role} nologin; grant ${role} to ${owner}`;
  expect(String(fault)).toContain(`have an administrator run: ${task}`);
  // an owner that may create roles does so, in whichever database is first
  await admin.query(`alter role ${owner} createrole`);
  await Promise.all(pools.map((pool) => migrate(pool, migrationsFolder)));
  await admin.query(`alter role ${owner} nocreaterole`);
  for (const pool of pools) await checkTenantRole(pool);
  await Promise.all(pools.map((pool) => pool.end()));
});

it('is accepted as an administrator created it, unless it has too many rights', async () => {
  for (const name of databases) await admin.query(`drop database ${name} with (force)`);
  await admin.query(`drop role ${role}`);
  for (const name of databases) await admin.query(`create database ${name} owner ${owner}`);
  const pool = poolOf(databases[0]);
  await admin.query(`create role ${role} login`);
  expect(String(await migrate(pool, migrationsFolder).catch((error: Error) => error.cause))).toContain('has too many rights');
  await admin.query(`alter role ${role} nologin`);
  expect(String(await migrate(pool, migrationsFolder).catch((error: Error) => error.cause))).toContain(
    `administrator run: grant ${role} to ${owner}`,
  );
  await admin.query(`grant ${role} to ${owner}`);
  await migrate(pool, migrationsFolder);
  await checkTenantRole(pool);
  await pool.end();
});

it('stops a start if it would not restrict tenants, or would hide rows from the delivery path', async () => {
  const [pool, stranger] = [poolOf(databases[0]), poolOf(databases[0], other)];
  await pool.query('create table forgotten (id int)');
  await pool.query('grant select on forgotten to public');
  await expect(checkTenantRole(pool)).rejects.toThrow("is not restricted to one tenant's rows of: forgotten.");
  await pool.query('drop table forgotten');
  await pool.query('grant select on deliveries to public');
  await expect(checkTenantRole(stranger)).rejects.toThrow('does not own the tables');
  await admin.query(`revoke ${role} from ${owner}`);
  await expect(checkTenantRole(pool)).rejects.toThrow(`may not act as the role "${role}"`);
  await Promise.all([pool.end(), stranger.end()]);
});
