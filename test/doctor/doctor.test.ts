// `posthorn doctor` on a Posthorn that works, and on installations that are broken in one way each.

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { openCore, type ReadyConfig } from '#app/core';
import { doctorCommand } from '#cli/doctor';
import { readConfig } from '#config/config';
import { usualLimits } from '#doctor/context';
import { type ExamineOptions, examine } from '#doctor/doctor';
import { createLogger } from '#runtime/logger';
import { createVault } from '#sealing/vault';
import { startHttpProxy, startSocksProxy, userInfo } from '../outbound/proxies.ts';
import { runCommand } from '../support/command.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { testEnv } from '../support/posthorn.ts';
import { testTimings } from '../support/quick-timings.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { startSilentServer } from '../support/silent-server.ts';

const namespace = 't115';
/** A slow machine must not make a check late. */
const patient = { ...usualLimits, withinMs: 60_000, partitionDaysAhead: testTimings.partitionDaysAhead };

async function doctor(env: Record<string, string>, options: Partial<ExamineOptions> = {}) {
  const findings = await examine({ env, limits: patient, ...options });
  return (check: string) => findings.filter((finding) => finding.check === check);
}

let database: TestDatabase;
let env: Record<string, string>;
beforeAll(async () => {
  database = await createTestDatabase({ isNew: true });
  env = testEnv(database, namespace);
});
afterAll(() => database?.drop());

describe('on a Posthorn that runs', () => {
  withPosthorn('finds nothing worse than the rights of a superuser and the short retention of a test server', async ({ posthorn }) => {
    const findings = await examine({ env: posthorn.env, limits: patient });
    expect(findings.filter(({ level }) => level === 'error')).toEqual([]);
    expect(findings.filter(({ level }) => level === 'warning').map(({ check }) => check)).toEqual(['postgres.roles', 'temporal.namespace']);
    expect(findings.find(({ check }) => check === 'temporal.workers')?.message).toMatch(/^\d+ workers? polls? posthorn and posthorn-lanes/);
    // each finding that is not ok says what to do
    expect(findings.filter(({ level, advice }) => (level === 'ok') !== (advice === null))).toEqual([]);
  });

  withPosthorn('prints text, or one JSON document, with exit code 0 for warnings', async ({ posthorn }) => {
    const [json, text] = await Promise.all(
      [['--json'], []].map(async (args) => {
        const command = runCommand(['doctor', '--timeout', '60', ...args], posthorn.env);
        return { code: await command.exit, said: command.said() };
      }),
    );
    expect([json?.code, text?.code]).toEqual([0, 0]);
    expect(JSON.parse(json?.said ?? '')).toMatchObject({ ok: true, errors: 0 });
    expect(text?.said).toMatch(/^ok {7}settings\.values/m);
    expect(text?.said).toMatch(/^0 errors, \d warnings in /m);
  });
});

describe('finds in the configuration', () => {
  it('values that are wrong, all at once, and goes on with the others', async () => {
    const found = await doctor({ ...env, PORT: 'x', POSTHORN_LANES: '0' });
    expect(found('settings.values').map(({ level, message }) => [level, message.split(':')[0]])).toEqual([
      ['error', 'PORT'],
      ['error', 'POSTHORN_LANES'],
    ]);
    expect(found('postgres.reachable')).toMatchObject([{ level: 'ok' }]);
  });

  it('names that do not exist, ranges that are open to all, and links that lead nowhere', async () => {
    const found = await doctor({ ...env, POSTHORN_RETENTON_DAYS: '60', POSTHORN_TRUST_PROXY: '0.0.0.0/0', HOST: '0.0.0.0' });
    expect(found('settings.names')).toMatchObject([{ level: 'warning', message: expect.stringContaining('POSTHORN_RETENTON_DAYS') }]);
    expect(found('settings.ranges')).toMatchObject([{ level: 'warning', message: expect.stringContaining('POSTHORN_TRUST_PROXY') }]);
    expect(found('settings.publicUrl')).toMatchObject([{ level: 'warning', message: expect.stringContaining('http://0.0.0.0:0') }]);
  });
});

describe('finds in PostgreSQL', () => {
  it('a clock that differs', async () => {
    const ahead = await doctor(env, { now: () => Date.now() + 600_000 });
    expect(ahead('postgres.clock')).toMatchObject([{ level: 'error', message: expect.stringMatching(/ \d{3}\.\d s ahead of /) }]);
    const behind = await doctor(env, { now: () => Date.now() - 600_000 });
    expect(behind('postgres.clock')).toMatchObject([{ level: 'error', message: expect.stringContaining('behind') }]);
    expect((await doctor(env))('postgres.clock')).toMatchObject([{ level: 'ok' }]);
  });

  it('too few connections for this machine', async () => {
    const found = await doctor({ ...env, DATABASE_POOL: '100', POSTHORN_PROCESSES: '4' });
    expect(found('postgres.connections')).toMatchObject([{ level: 'error', message: expect.stringContaining('needs 400') }]);
  });

  it('a transaction that stays open', async () => {
    const client = await database.db.connect();
    onTestFinished(() => client.release());
    await client.query('begin; select count(*) from tenants');
    const found = await doctor(env, { limits: { ...patient, oldTransactionMs: 0 } });
    await client.query('rollback');
    expect(found('postgres.transactions')).toMatchObject([{ level: 'warning', advice: expect.stringContaining('pg_stat_activity') }]);
  });

  it('a bloated outbox, until no transaction of the server is older than its deleted rows', async () => {
    const limits = { ...patient, outbox: { bytes: 100_000, bytesEachRow: 10_000 } };
    const outbox = async () => (await doctor(env, { limits }))('postgres.outbox');
    const vacuum = () => database.db.query('vacuum (full) outbox');
    const other = new pg.Client({ connectionString: inject('postgresUrl') });
    await other.connect();
    onTestFinished(() => other.end());
    // in another database; with an id, as if it had written something
    await other.query('begin; select pg_current_xact_id()');
    await database.db.query(
      'insert into outbox (event_id, tenant_id) select gen_random_uuid(), gen_random_uuid() from generate_series(1, 5000)',
    );
    await database.db.query('delete from outbox');
    expect(await outbox()).toMatchObject([{ level: 'warning', advice: expect.stringContaining('vacuum (full') }]);
    await vacuum();
    expect(await outbox()).toMatchObject([{ level: 'warning', advice: expect.stringContaining('in all databases of the server') }]);
    await other.query('rollback');
    // other tests write into their databases of this server, and each transaction that is older than the delete keeps the rows
    await expect.poll(async () => vacuum().then(outbox), { timeout: 60_000 }).toMatchObject([{ level: 'ok' }]);
  });

  it('partitions that are missing: soon a warning, today an error', async () => {
    const drop = async (parent: string, inDays: number) => {
      const { rows } = await database.db.query(`select to_char((now() at time zone 'utc')::date + $1::int, 'YYYYMMDD') as day`, [inDays]);
      await database.db.query(`drop table ${parent}_${rows[0].day}`);
    };
    const limits = { ...patient, partitionDaysAhead: 14 };
    await database.db.query('select make_partition(parent, day) from missing_partitions(14)');
    expect((await doctor(env, { limits }))('postgres.partitions')).toMatchObject([{ level: 'ok' }]);
    await drop('attempts', 9);
    expect((await doctor(env, { limits }))('postgres.partitions')).toMatchObject([{ level: 'warning' }]);
    await drop('events', 1);
    expect((await doctor(env))('postgres.partitions')).toMatchObject([
      { level: 'error', advice: expect.stringContaining('posthorn migrate') },
    ]);
    await database.db.query('select make_partition(parent, day) from missing_partitions(14)');
  });

  it('a tenant role that sees every tenant', async () => {
    await database.db.query('alter table endpoints disable row level security');
    const found = await doctor(env);
    await database.db.query('alter table endpoints enable row level security');
    expect(found('postgres.roles')).toMatchObject([{ level: 'error', message: expect.stringContaining('endpoints') }]);
  });

  it('migrations that are missing, changed or of a later version', async () => {
    const { rows } = await database.db.query('select name, checksum from migrations order by name desc limit 1');
    await database.db.query(`insert into migrations (name, checksum) values ('999999_later.sql', 'x')`);
    expect((await doctor(env))('postgres.schema')).toMatchObject([
      { level: 'warning', message: expect.stringContaining('999999_later.sql') },
    ]);
    await database.db.query('delete from migrations where name >= $1', [rows[0].name]);
    const missing = await doctor(env);
    expect(missing('postgres.schema')).toMatchObject([{ level: 'error', message: expect.stringContaining(rows[0].name) }]);
    // what needs the schema is not checked, and no second error is made of it
    expect(missing('postgres.partitions')).toEqual([]);
    await database.db.query(`insert into migrations (name, checksum) values ($1, 'changed')`, [rows[0].name]);
    expect((await doctor(env))('postgres.schema')).toMatchObject([{ level: 'error', message: expect.stringContaining('unreleased') }]);
    await database.db.query('update migrations set checksum = $2 where name = $1', [rows[0].name, rows[0].checksum]);
  });
});

describe('finds about keys', () => {
  const key = () => randomBytes(32).toString('base64');

  it('a wrong master key, an unfinished rotation, and a key that is no longer needed', async () => {
    const core = await openCore(readConfig(env) as ReadyConfig, createLogger('silent'), 'server');
    await core.close();
    const first = env.POSTHORN_MASTER_KEY ?? '';
    expect((await doctor(env))('keys.masterKey')).toMatchObject([{ level: 'ok' }]);
    expect((await doctor({ ...env, POSTHORN_MASTER_KEY: key() }))('keys.masterKey')).toMatchObject([
      { level: 'error', message: expect.stringContaining('fingerprint') },
    ]);
    expect((await doctor({ ...env, POSTHORN_MASTER_KEY: `${first},${key()}` }))('keys.masterKey')).toMatchObject([
      { level: 'warning', message: expect.stringContaining('encrypt nothing') },
    ]);
    await database.db.query(`insert into data_keys (name, sealed) values ('digest', $1)`, [
      Buffer.from(createVault([first]).seal(randomBytes(32), 'x')),
    ]);
    expect((await doctor({ ...env, POSTHORN_MASTER_KEY: `${key()},${first}` }))('keys.masterKey')).toMatchObject([
      { level: 'warning', advice: 'Run `posthorn keys rotate`.' },
    ]);
    await database.db.query('delete from data_keys');
  });
});

describe('finds in Temporal', () => {
  let temporal: Connection;
  beforeAll(async () => {
    temporal = await Connection.connect({ address: inject('temporalAddress') });
  });
  afterAll(() => temporal?.close());

  it('a namespace that keeps closed workflows for less than the dead-letter window, until it is updated', async () => {
    const short = await doctor(env);
    expect(short('temporal.namespace')).toMatchObject([{ level: 'warning', advice: expect.stringContaining('--retention 336h') }]);
    await temporal.workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: { seconds: (336 * 3_600) as never } },
    });
    await expect.poll(async () => (await doctor(env))('temporal.namespace')[0]?.level, { timeout: 60_000 }).toBe('ok');
  });

  it('a namespace that does not exist, and task queues that nobody polls', async () => {
    const found = await doctor({ ...env, TEMPORAL_NAMESPACE: 'missing' });
    expect(found('temporal.namespace')).toMatchObject([
      { level: 'error', advice: expect.stringContaining('namespace create --namespace missing') },
    ]);
    expect((await doctor(env))('temporal.workers')).toMatchObject([
      { level: 'warning', message: expect.stringContaining('posthorn and posthorn-lanes') },
    ]);
  });

  it('a search attribute that is missing, with the command that registers it', async () => {
    await temporal.operatorService.removeSearchAttributes({ namespace, searchAttributes: ['PosthornStatus'] });
    await expect
      .poll(async () => (await doctor(env))('temporal.searchAttributes'), { timeout: 60_000 })
      .toMatchObject([
        { level: 'error', advice: expect.stringContaining(`--namespace ${namespace} --name PosthornStatus --type Keyword`) },
      ]);
    await temporal.operatorService.addSearchAttributes({ namespace, searchAttributes: { PosthornStatus: 2 } });
  });
});

describe('finds about requests to endpoints', () => {
  it('a CA file that cannot be read, and addresses that no receiver sees', async () => {
    const found = await doctor({ ...env, POSTHORN_CA_FILE: import.meta.filename, POSTHORN_EGRESS_IPS: '10.0.0.1,8.8.8.8' });
    expect(found('egress.caFile')).toMatchObject([{ level: 'error', message: expect.stringContaining('PEM') }]);
    expect(found('egress.addresses')).toMatchObject([{ level: 'warning', message: expect.stringMatching(/: 10\.0\.0\.1\.$/) }]);
  });

  it('a proxy that refuses its credentials or does not answer', async () => {
    const [http, socks] = await Promise.all([startHttpProxy(), startSocksProxy()]);
    const level = async (url: string) => (await doctor({ ...env, POSTHORN_EGRESS_PROXY: url }))('egress.proxy')[0]?.level;
    expect(await level(`http://${userInfo}127.0.0.1:${http.port}`)).toBe('ok');
    expect(await level(`http://a:b@127.0.0.1:${http.port}`)).toBe('error');
    expect(await level(`socks5://${userInfo}127.0.0.1:${socks.port}`)).toBe('ok');
    expect(await level(`socks5://a:b@127.0.0.1:${socks.port}`)).toBe('error');
    expect(await level('http://127.0.0.1:1')).toBe('error');
  });

  it('name servers that do not answer', async () => {
    const found = await doctor(env, { nameServers: ['127.0.0.1:1'] });
    expect(found('egress.dns')).toMatchObject([{ level: 'error', advice: expect.stringContaining('port 53') }]);
  });
});

describe('finds that a store is not reachable', () => {
  it('when nothing listens, and when it is not known where: exit code 3', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'posthorn-doctor-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, 'file'), '');
    const command = runCommand(['doctor', '--json'], { TEMPORAL_ADDRESS: '127.0.0.1:1', POSTHORN_DATA_DIR: join(folder, 'file') });
    expect(await command.exit).toBe(3);
    const { findings } = JSON.parse(command.said());
    expect(findings).toContainEqual(expect.objectContaining({ check: 'temporal.reachable', level: 'error', unreachable: true }));
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'postgres.reachable',
        unreachable: true,
        message: expect.stringContaining('cannot be read'),
      }),
    );
    expect(findings).toContainEqual(
      expect.objectContaining({ check: 'disk.dataFolder', level: 'error', message: expect.stringContaining('not a folder') }),
    );
  });

  it('when both hang, within one deadline for all checks', async () => {
    const holes = (await Promise.all([startSilentServer(onTestFinished), startSilentServer(onTestFinished)])).map(({ port }) => port);
    const hanging = { ...env, DATABASE_URL: `postgres://a:b@127.0.0.1:${holes[0]}/x`, TEMPORAL_ADDRESS: `127.0.0.1:${holes[1]}` };
    // long, so that what a slow machine adds does not matter
    const withinMs = 8_000;
    const began = performance.now();
    const found = await doctor(
      { ...hanging, POSTHORN_EGRESS_PROXY: `http://127.0.0.1:${holes[0]}` },
      { limits: { ...usualLimits, withinMs } },
    );
    const tookMs = performance.now() - began;
    expect(found('postgres.reachable')).toMatchObject([{ unreachable: true, message: expect.stringContaining('no answer within 6.4 s') }]);
    expect(found('temporal.reachable')).toMatchObject([{ unreachable: true }]);
    expect(found('egress.proxy')).toMatchObject([{ level: 'error', message: expect.stringContaining('does not answer within 8 s') }]);
    // one after the other they would take four times as long
    expect(tookMs).toBeLessThan(3 * withinMs);
  });

  it.each([
    [['--timeout', 'soon'], '--timeout must be a number of seconds from 0.1 to 600, not soon.'],
    [['--timeout', '0'], 'not 0.'],
    [['--tiemout', '3'], "Unknown option '--tiemout'"],
    [['now'], "Unexpected argument 'now'"],
  ])('says what is wrong with %j', async (args, problem) => {
    const said: string[] = [];
    expect(await doctorCommand(args, async (text) => void said.push(text), {})).toBe(2);
    expect(said.join('')).toContain(problem);
    expect(said.join('')).toContain('Usage: posthorn doctor');
  });

  it('does not confuse an error with that: exit code 1, and 2 for wrong usage', async () => {
    const commands = [
      runCommand(['doctor', '--timeout', '60'], { ...env, POSTHORN_MASTER_KEY: 'x' }),
      runCommand(['doctor', '--timeout', 'soon'], env),
      runCommand(['doctor', '--help'], env),
    ];
    expect(await Promise.all(commands.map(({ exit }) => exit))).toEqual([1, 2, 0]);
    expect(commands[1]?.said()).toContain('Usage: posthorn doctor');
  });
});

it('finds that the disk of the embedded servers fills up', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'posthorn-doctor-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { DATABASE_URL: _none, ...embedded } = env;
  const level = async (freeBytes: { warning: number; error: number }) =>
    (await doctor({ ...embedded, POSTHORN_DATA_DIR: folder }, { limits: { ...patient, freeBytes } }))('disk.dataFolder')[0]?.level;
  expect(await level({ warning: 2 ** 60, error: 2 ** 60 })).toBe('error');
  expect(await level({ warning: 2 ** 60, error: 0 })).toBe('warning');
  expect(await level({ warning: 0, error: 0 })).toBe('ok');
});
