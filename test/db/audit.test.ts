// The audit log in the store: one chain however many append, nothing to be changed by who runs Posthorn, and nothing changed unseen by who may all.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { auditCommand } from '../../src/cli/audit.ts';
import { ConfigError } from '../../src/config.ts';
import { appendAudit, audited } from '../../src/db/audit.ts';
import { verifyAudit } from '../../src/db/audit-chain.ts';
import { listAudit } from '../../src/db/audit-log.ts';
import { migrate } from '../../src/db/migrate.ts';
import { createPool, type Db, inTransaction } from '../../src/db/pool.ts';
import { migrationsFolder } from '../../src/package.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

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
  it('has no fork and no gap when fifty append at once, and goes on behind a transaction that fails', async () => {
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

  it('writes once what is told twice with the same word', async () => {
    const once = { ...audit, once: 'run/1' };
    await Promise.all([1, 2, 3].map(() => inTransaction(database.db, (client) => appendAudit(client, once, entry('once')))));
    expect((await listAudit(database.db, everything, null, 100)).filter(({ target }) => target.id === 'tonce')).toHaveLength(1);
  });

  it('keeps what a head says: later it still stands in the chain, another does not', async () => {
    const before = await verifyAudit(database.db);
    await append(99);
    expect(await verifyAudit(database.db, 'head' in before ? before.head : '')).toMatchObject({ entries: 52 });
    expect(await verifyAudit(database.db, 'ab'.repeat(32))).toMatchObject({ reason: expect.stringContaining('expected hash') });
  });
});

describe('posthorn audit', () => {
  async function posthorn(...args: string[]) {
    let said = '';
    const write = async (text: string) => {
      said += text;
    };
    return { code: await auditCommand(args, write, { DATABASE_URL: database.url }), said };
  }

  it('verifies, and says the head to be kept elsewhere', async () => {
    const { code, said } = await posthorn('verify');
    expect([code, said]).toEqual([0, expect.stringMatching(/^52 entries, unbroken\nhead [0-9a-f]{64}\n$/)]);
    expect((await posthorn('verify', '--expect', said.slice(-65).trim())).code).toBe(0);
    expect(await posthorn('verify', '--expect', '0'.repeat(63).concat('1'))).toMatchObject({
      code: 1,
      said: expect.stringMatching(/^broken: entry 53 /),
    });
  });

  it('exports, and goes on behind a cursor', async () => {
    const lines = (await posthorn('export')).said.trimEnd().split('\n');
    expect(lines).toHaveLength(52);
    const { cursor } = JSON.parse(lines[49] ?? '');
    expect((await posthorn('export', '--after', cursor)).said.trimEnd().split('\n')).toEqual(lines.slice(50));
    expect((await posthorn('export', '--format', 'csv', '--after', cursor)).said.trimEnd().split('\r\n')).toHaveLength(3);
  });

  it.each([[[]], [['verify', 'more']], [['verify', '--expect', 'x']], [['export', '--since', 'yesterday']], [['export', '--unknown']]])(
    'says what is wrong with %j',
    async (args) => {
      await expect(posthorn(...args)).rejects.toThrow(ConfigError);
    },
  );
});

describe('who may all', () => {
  /** What comes of it is seen by who verifies in the same transaction, and is undone. */
  async function tampered(statements: string, expect?: string) {
    const client = await database.db.connect();
    const query = (...args: [string]) => (/^(begin|commit|set)/.test(String(args[0])) ? null : client.query(...args));
    const inside = { query, connect: async () => ({ query, release: () => undefined }) } as unknown as Db;
    try {
      await client.query('begin');
      await client.query('alter table audit_log disable trigger all; alter table audit_head disable trigger all');
      await client.query(statements);
      return [await verifyAudit(inside), await verifyAudit(inside, expect)];
    } finally {
      await client.query('rollback');
      client.release();
    }
  }
  const swap =
    'update audit_log set seq = -1 where seq = 20; update audit_log set seq = 20 where seq = 21; update audit_log set seq = 21 where seq = -1';

  it.each([
    ['changes an entry', `update audit_log set after = '{"name":"another"}' where seq = 20`, 20],
    ['changes who it was', `update audit_log set actor_id = null where seq = 50`, 50],
    ['changes when it was', `update audit_log set at = at + interval '1 microsecond' where seq = 20`, 20],
    [
      'moves text from one field to the next',
      `update audit_log set target_kind = target_kind || 't', target_id = substr(target_id, 2) where seq = 20`,
      20,
    ],
    ['makes nothing of something empty', `update audit_log set address = '' where seq = 1`, 1],
    ['removes an entry', 'delete from audit_log where seq = 20', 20],
    ['removes the first', 'delete from audit_log where seq = 1', 1],
    [
      'closes the gap',
      'delete from audit_log where seq = 20; update audit_log set seq = -seq where seq > 20; update audit_log set seq = -seq - 1 where seq < 0',
      20,
    ],
    ['reorders two', swap, 20],
    [
      'puts one in at the end',
      `insert into audit_log (seq, at, actor_kind, action, target_kind, target_id, prev_hash, hash)
       select 53, now(), 'system', 'tenant.change', 'tenant', 'x', hash, hash from audit_head`,
      53,
    ],
    ['cuts off the end', 'delete from audit_log where seq > 40', 41],
  ])('is found who %s', async (_, statements, seq) => {
    expect((await tampered(statements))[0]).toMatchObject({ seq, reason: expect.any(String) });
  });

  it('is found by a head kept elsewhere who cuts off the end and says that this is all', async () => {
    const { head } = (await verifyAudit(database.db)) as { head: string };
    const cut =
      'delete from audit_log where seq > 40; update audit_head h set seq = l.seq, hash = l.hash from audit_log l where l.seq = 40';
    expect(await tampered(cut, head)).toMatchObject([{ entries: 40 }, { seq: 41 }]);
  });

  it.each(['update audit_log set action = action', 'delete from audit_log', 'truncate audit_log', 'delete from audit_head'])(
    'is refused by the trigger: %s',
    async (statement) => {
      await expect(database.db.query(statement)).rejects.toThrow('the audit log is append-only');
    },
  );
});

describe('the role of the application', () => {
  const role = `app_${randomBytes(4).toString('hex')}`;
  let admin: pg.Client;
  let app: pg.Pool;
  beforeAll(async () => {
    admin = new pg.Client({ connectionString: inject('postgresUrl') });
    await admin.connect();
    await admin.query(`create role ${role} login password 'app'`);
    await admin.query(`create database ${role} owner ${role}`);
    const url = new URL(inject('postgresUrl'));
    Object.assign(url, { username: role, password: 'app', pathname: `/${role}` });
    app = createPool({ url: url.href, max: 2, onError: () => undefined });
  });
  afterAll(async () => {
    await app.end();
    await admin.query(`drop database ${role} with (force)`);
    const { rows } = await admin.query(`select rolname from pg_roles where rolname ~ $1`, [`${role}$`]);
    for (const { rolname } of rows.toReversed()) await admin.query(`drop role ${rolname}`);
    await admin.end();
  });

  it('is told what is missing when it may make no roles', async () => {
    await expect(migrate(app, migrationsFolder)).rejects.toThrow(/have an administrator run: create role posthorn_\w+_of_app/);
  });

  it('reads and appends, and can do nothing else, nor become who can', async () => {
    await admin.query(`alter role ${role} createrole`);
    await migrate(app, migrationsFolder);
    await admin.query(`alter role ${role} nocreaterole`);
    await inTransaction(app, (client) => appendAudit(client, audit, entry(1)));
    expect(await verifyAudit(app)).toMatchObject({ entries: 1 });
    for (const refused of [
      'update audit_log set action = action',
      'delete from audit_log',
      'truncate audit_log',
      `insert into audit_log select * from audit_log`,
      'update audit_head set seq = 0',
      'delete from audit_head',
      'alter table audit_log disable trigger all',
      'drop trigger audit_log_stays on audit_log',
      'alter table audit_log drop column hash',
      'create or replace function refuse_audit_change() returns trigger language plpgsql as $$ begin return null; end $$',
      `set role posthorn_audit_of_${role}`,
    ]) {
      await expect(app.query(refused), refused).rejects.toMatchObject({ code: '42501' });
    }
    expect(await verifyAudit(app)).toMatchObject({ entries: 1 });
  });
});
