// The audit log in PostgreSQL: one chain for concurrent appends, no changes by the application's
// role, and no undetected changes by a superuser.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { openCore } from '#app/core';
import { auditCommand } from '#cli/audit';
import { ConfigError, readConfig } from '#config/config';
import { migrationsFolder } from '#config/package';
import { appendAudit, audited } from '#db/audit/audit';
import { verifyAudit } from '#db/audit/audit-chain';
import { listAudit } from '#db/audit/audit-log';
import { auditRights, checkAuditRights } from '#db/audit/audit-rights';
import { migrate } from '#db/store/migrate';
import { createPool, type Db, inTransaction } from '#db/store/pool';
import { createLogger } from '#runtime/logger';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const audit = { actor: { kind: 'api_key', id: 'key_1' }, action: 'tenant.change', address: '192.0.2.7', requestId: 'r1' } as const;
const everything = { tenantId: null, tenant: null, action: null, since: null, until: null };
const entry = (n: number | string) => ({
  tenantId: null,
  target: { kind: 'tenant', id: `t${n}` },
  before: null,
  after: { name: `näm"e\n${n}` },
});

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const append = (n: number) => inTransaction(database.db, (client) => appendAudit(client, audit, entry(n)));

describe('the chain', () => {
  it('has no fork and no gap after fifty concurrent appends, and continues after a transaction that fails', async () => {
    const failing = audited(database.db, audit, async (client) => {
      await appendAudit(client, audit, entry('never'));
      throw new Error('the change failed');
    });
    const done = await Promise.allSettled([failing, ...Array.from({ length: 50 }, (_, n) => append(n))]);
    expect(done.map(({ status }) => status)).toEqual(['rejected', ...Array.from({ length: 50 }, () => 'fulfilled')]);
    const log = await listAudit(database.db, everything, null, 100);
    expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, n) => 50 - n));
    expect(new Set(log.map(({ target }) => target.id)).size).toBe(50);
    expect(log.map(({ at }) => at)).toEqual(
      log
        .map(({ at }) => at)
        .toSorted()
        .reverse(),
    );
    expect(await verifyAudit(database.db)).toEqual({ entries: 50, head: log[0]?.hash });
  });

  it('writes one entry for repeated appends with the same `once`', async () => {
    const once = { ...audit, once: 'run/1' };
    await Promise.all([1, 2, 3].map(() => inTransaction(database.db, (client) => appendAudit(client, once, entry('once')))));
    expect((await listAudit(database.db, everything, null, 100)).filter(({ target }) => target.id === 'tonce')).toHaveLength(1);
  });

  it('still contains an earlier head, and reports a head that it never had', async () => {
    const before = await verifyAudit(database.db);
    await append(99);
    expect(await verifyAudit(database.db, 'head' in before ? before.head : '')).toMatchObject({ entries: 52 });
    expect(await verifyAudit(database.db, 'ab'.repeat(32))).toMatchObject({ reason: expect.stringContaining('expected hash') });
  });
});

describe('posthorn audit', () => {
  async function posthorn(...args: string[]) {
    let output = '';
    const write = async (text: string) => {
      output += text;
    };
    return { code: await auditCommand(args, write, { DATABASE_URL: database.url }), output };
  }

  it('verifies the log and prints the head to keep elsewhere', async () => {
    const { code, output } = await posthorn('verify');
    expect([code, output]).toEqual([
      0,
      expect.stringMatching(/^note: "\w+" is a superuser: .+\n52 entries, unbroken\nhead [0-9a-f]{64}\n$/),
    ]);
    expect((await posthorn('verify', '--expect', output.slice(-65).trim())).code).toBe(0);
    expect(await posthorn('verify', '--expect', '0'.repeat(63).concat('1'))).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^broken: entry 53 /m),
    });
  });

  it('exports the log, and continues after a cursor', async () => {
    const lines = (await posthorn('export')).output.trimEnd().split('\n');
    expect(lines).toHaveLength(52);
    const { cursor } = JSON.parse(lines[49] ?? '');
    expect((await posthorn('export', '--after', cursor)).output.trimEnd().split('\n')).toEqual(lines.slice(50));
    expect((await posthorn('export', '--format', 'csv', '--after', cursor)).output.trimEnd().split('\r\n')).toHaveLength(3);
  });

  it.each([[[]], [['verify', 'more']], [['verify', '--expect', 'x']], [['export', '--since', 'yesterday']], [['export', '--unknown']]])(
    'rejects the arguments %j with an explanation',
    async (args) => {
      await expect(posthorn(...args)).rejects.toThrow(ConfigError);
    },
  );
});

describe('a superuser', () => {
  /** Verifies the log within the transaction that changed it, and rolls that back. */
  async function tampered(statements: string, expect?: string) {
    const client = await database.db.connect();
    const query = (...args: [string]) => (/^(begin|commit|set)/.test(String(args[0])) ? null : client.query(...args));
    const inside = { query, connect: async () => ({ query, release: () => undefined }) } as unknown as Db;
    try {
      await client.query('begin');
      await client.query(
        'alter table posthorn_audit.audit_log disable trigger all; alter table posthorn_audit.audit_head disable trigger all',
      );
      await client.query(statements);
      return [await verifyAudit(inside), await verifyAudit(inside, expect)];
    } finally {
      await client.query('rollback');
      client.release();
    }
  }
  const swap =
    'update posthorn_audit.audit_log set seq = -1 where seq = 20; update posthorn_audit.audit_log set seq = 20 where seq = 21; update posthorn_audit.audit_log set seq = 21 where seq = -1';

  it.each([
    ['an entry is changed', `update posthorn_audit.audit_log set after = '{"name":"another"}' where seq = 20`, 20],
    ['the actor is changed', `update posthorn_audit.audit_log set actor_id = null where seq = 50`, 50],
    ['the time is changed', `update posthorn_audit.audit_log set at = at + interval '1 microsecond' where seq = 20`, 20],
    [
      'text is moved from one field to the next',
      `update posthorn_audit.audit_log set target_kind = target_kind || 't', target_id = substr(target_id, 2) where seq = 20`,
      20,
    ],
    ['a field is emptied', `update posthorn_audit.audit_log set address = '' where seq = 1`, 1],
    ['an entry is removed', 'delete from posthorn_audit.audit_log where seq = 20', 20],
    ['the first entry is removed', 'delete from posthorn_audit.audit_log where seq = 1', 1],
    [
      'an entry is removed and the others renumbered',
      'delete from posthorn_audit.audit_log where seq = 20; update posthorn_audit.audit_log set seq = -seq where seq > 20; update posthorn_audit.audit_log set seq = -seq - 1 where seq < 0',
      20,
    ],
    ['two entries are swapped', swap, 20],
    [
      'an entry is inserted at the end',
      `insert into posthorn_audit.audit_log (seq, at, actor_kind, action, target_kind, target_id, prev_hash, hash)
       select 53, now(), 'system', 'tenant.change', 'tenant', 'x', hash, hash from posthorn_audit.audit_head`,
      53,
    ],
    ['the end is cut off', 'delete from posthorn_audit.audit_log where seq > 40', 41],
  ])('is detected when %s', async (_, statements, seq) => {
    expect((await tampered(statements))[0]).toMatchObject({ seq, reason: expect.any(String) });
  });

  it('is detected by a head kept elsewhere after cutting off the end and adjusting the stored head', async () => {
    const { head } = (await verifyAudit(database.db)) as { head: string };
    const cut =
      'delete from posthorn_audit.audit_log where seq > 40; update posthorn_audit.audit_head h set seq = l.seq, hash = l.hash from posthorn_audit.audit_log l where l.seq = 40';
    expect(await tampered(cut, head)).toMatchObject([{ entries: 40 }, { seq: 41 }]);
  });

  it.each([
    'update posthorn_audit.audit_log set action = action',
    'delete from posthorn_audit.audit_log',
    'truncate posthorn_audit.audit_log',
    'delete from posthorn_audit.audit_head',
  ])('is rejected by the trigger: %s', async (statement) => {
    await expect(database.db.query(statement)).rejects.toThrow('the audit log is append-only');
  });
});

describe('the role of the application', () => {
  const role = `app_${randomBytes(4).toString('hex')}`;
  const keeper = `posthorn_audit_of_${role}`;
  const led = `led_${role}`;
  const composed = `composed_${role}`;
  let admin: pg.Client;
  let app: pg.Pool;
  const pools: pg.Pool[] = [];
  const urlOf = (name: string, as = name, password = 'app') => {
    const url = new URL(inject('postgresUrl'));
    if (as !== '') Object.assign(url, { username: as, password });
    return Object.assign(url, { pathname: `/${name}` }).href;
  };
  const open = (url: string) => {
    const pool = createPool({ url, max: 2, onError: () => undefined });
    pools.push(pool);
    return pool;
  };
  const make = async (name: string) => {
    await admin.query(`create role ${name} login password 'app'`);
    await admin.query(`create database ${name} owner ${name}`);
    return open(urlOf(name));
  };
  beforeAll(async () => {
    admin = new pg.Client({ connectionString: inject('postgresUrl') });
    await admin.connect();
    app = await make(role);
  });
  afterAll(async () => {
    for (const pool of pools) await pool.end();
    const databases = await admin.query('select datname as name from pg_database where datname ~ $1', [`${role}$`]);
    for (const { name } of databases.rows) await admin.query(`drop database ${name} with (force)`);
    const roles = await admin.query('select rolname as name from pg_roles where rolname ~ $1', [`${role}$`]);
    for (const { name } of roles.rows) await admin.query(`drop owned by ${name}; drop role ${name}`);
    await admin.end();
  });

  const faultOf = (db: pg.Pool) => migrate(db, migrationsFolder).then(String, (error: Error) => error.message);

  it('reads and appends, can do nothing else, and cannot become a role that can', async () => {
    await admin.query(`alter role ${role} createrole`);
    await migrate(app, migrationsFolder);
    await admin.query(`alter role ${role} nocreaterole`);
    // the creator of a role may grant it, also to itself
    expect(await auditRights(app)).toMatchObject({ faults: [] });
    await admin.query(`revoke ${keeper} from ${role}`);
    expect(await auditRights(app)).toEqual({ faults: [], remarks: [] });
    await inTransaction(app, (client) => appendAudit(client, audit, entry(1)));
    expect(await verifyAudit(app)).toMatchObject({ entries: 1 });
    for (const refused of [
      'update posthorn_audit.audit_log set action = action',
      'delete from posthorn_audit.audit_log',
      'truncate posthorn_audit.audit_log',
      `insert into posthorn_audit.audit_log select * from posthorn_audit.audit_log`,
      'update posthorn_audit.audit_head set seq = 0',
      'delete from posthorn_audit.audit_head',
      'alter table posthorn_audit.audit_log disable trigger all',
      'drop trigger audit_log_stays on posthorn_audit.audit_log',
      'alter table posthorn_audit.audit_log drop column hash',
      'drop table posthorn_audit.audit_log cascade',
      'drop function posthorn_audit.append_audit cascade',
      'drop schema posthorn_audit cascade',
      'alter schema posthorn_audit rename to another',
      'alter function posthorn_audit.append_audit reset search_path',
      'create function posthorn_audit.refuse_audit_change(int) returns int language sql return 1',
      'create or replace function posthorn_audit.refuse_audit_change() returns trigger language plpgsql as $$ begin return null; end $$',
      `set role ${keeper}`,
      `grant ${keeper} to ${role}`,
    ]) {
      await expect(app.query(refused), refused).rejects.toMatchObject({ code: '42501' });
    }
    expect(await verifyAudit(app)).toMatchObject({ entries: 1 });
  });

  it('cannot have a function of its own run as the owner of the log', async () => {
    const texts = Array(13).fill('text').join();
    const forged = `returns bytea language plpgsql as $$ begin delete from posthorn_audit.audit_log; return 'forged'; end $$`;
    await app.query(`create function public.audit_bytes(${texts}) ${forged}; create function public.sha256(bytea) ${forged}`);
    await inTransaction(app, async (client) => {
      await client.query('set local search_path = public, pg_catalog');
      await client.query('create temp table audit_head (one boolean, seq bigint, at timestamptz, hash bytea) on commit drop');
      await client.query(
        `select posthorn_audit.append_audit('system', null, null, 'tenant.change', 'tenant', 'x', null, null, null, null, null)`,
      );
    });
    expect(await verifyAudit(app)).toMatchObject({ entries: 2 });
  });

  it('is reported, by verify and at the start, when it has more rights', async () => {
    const superuser = open(urlOf(role, ''));
    const verify = async () => {
      const output: string[] = [];
      const write = async (text: string) => void output.push(text);
      return `${await auditCommand(['verify'], write, { DATABASE_URL: urlOf(role) })} ${output.join('')}`;
    };
    expect(await verify()).toMatch(/^0 2 entries, unbroken\n/);
    await superuser.query(`grant ${keeper} to ${role}`);
    expect(await verify()).toMatch(new RegExp(`^1 unguarded: "${role}" can act as "${keeper}".*: revoke "${keeper}" from "${role}"\n`));
    expect((await auditRights(superuser)).faults).toHaveLength(1);
    await superuser.query(`revoke ${keeper} from ${role}`);
    for (const [tampering, mended, fault] of [
      ['disable trigger audit_log_stays', 'enable always trigger audit_log_stays', 'triggers'],
      [`owner to ${role}`, `owner to ${keeper}`, 'more than one owner'],
      ['disable row level security', 'enable row level security', 'Row-level security'],
    ]) {
      await superuser.query(`alter table posthorn_audit.audit_log ${tampering}`);
      await expect(checkAuditRights(app), tampering).rejects.toThrow(fault);
      await superuser.query(`alter table posthorn_audit.audit_log ${mended}`);
    }
    await superuser.query(`grant insert on posthorn_audit.audit_log to ${role}`);
    await expect(checkAuditRights(app)).rejects.toThrow('has rights to change');
  });

  it('is told what to run when it may not create roles, and is restricted after an administrator ran it', async () => {
    const db = await make(led);
    expect(await faultOf(db)).toMatch(/have an administrator run: create role posthorn_tenant_of_led_\w+ nologin; grant/);
    await admin.query(`create role posthorn_tenant_of_${led} nologin; grant posthorn_tenant_of_${led} to ${led}`);
    const [, first = '', then = ''] = /run: (.+); and when this has run: (.+)$/.exec(await faultOf(db)) ?? [];
    const inDatabase = open(urlOf(led, ''));
    await inDatabase.query(first);
    await migrate(db, migrationsFolder);
    const core = openCore(
      { ...readConfig({}), DATABASE_URL: urlOf(led), POSTHORN_MASTER_KEY: [], POSTHORN_API_KEY: '' },
      createLogger('silent'),
    );
    await expect(core).rejects.toThrow(`have an administrator run: revoke "posthorn_audit_of_${led}" from "${led}"`);
    await inDatabase.query(then);
    expect(await auditRights(db)).toEqual({ faults: [], remarks: [] });
  });

  it('is set up by docker-compose.yml so that it can migrate, and is restricted from then on', async () => {
    const compose = parse(readFileSync(new URL('../../../docker-compose.yml', import.meta.url), 'utf8'));
    const [, sql = ''] = /<<'SQL'\n([\s\S]*?)^SQL$/m.exec(compose.configs.databases.content) ?? [];
    const own = sql
      .replaceAll(/\b(temporal\w*)/g, `$1_${role}`)
      .replaceAll(/\bposthorn\b|(?<=_of_)posthorn\b/g, composed)
      .replaceAll(/:'\w+'/g, `'app'`);
    const [cluster = '', inDatabase = ''] = own.split(`\\connect ${composed}\n`);
    for (const statement of cluster.split(/;\n/).filter(Boolean)) await admin.query(statement);
    await open(urlOf(composed, '')).query(inDatabase);
    const db = open(urlOf(composed));
    await migrate(db, migrationsFolder);
    expect(await auditRights(db)).toEqual({ faults: [], remarks: [] });
    for (const refused of [`set role posthorn_audit_of_${composed}`, `grant posthorn_audit_of_${composed} to ${composed}`])
      await expect(db.query(refused)).rejects.toMatchObject({ code: '42501' });
    await inTransaction(db, (client) => appendAudit(client, audit, entry(1)));
    expect(await verifyAudit(db)).toMatchObject({ entries: 1 });
  });
});
