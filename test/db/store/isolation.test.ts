// Row-level security: a tenant's statements see and change only that tenant's rows, whatever filter
// is missing.
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrationsFolder } from '#config/package';
import { migrate } from '#db/store/migrate';
import { createPool, inTransaction } from '#db/store/pool';
import { asTenant, scopedDb } from '#db/store/tenant-scope';
import { idOf } from '#domain/ids';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { type Furnished, furnished } from '../access/furnished-tenant.ts';

let database: TestDatabase;
let db: pg.Pool;
let a: Furnished;
let b: Furnished;
beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
  [a, b] = [await furnished(db, 'a'), await furnished(db, 'b')];
});
afterAll(() => database.drop());

const asA = (text: string, values: unknown[] = [], readOnly = false) =>
  asTenant({ tenantId: idOf('tnt', a.tenant), readOnly }, () => scopedDb(db).query(text, values));

describe('a statement without a where clause', () => {
  const tables = [
    'tenants',
    'endpoints',
    'endpoint_secrets',
    'shapes',
    'events',
    'event_ids',
    'deliveries',
    'attempts',
    'lanes',
    'lane_sequences',
    'replays',
    'alerts',
    'alert_channels',
    'missed_lists',
    'endpoint_history',
    'stats_minutes',
    'stats_hours',
    'stats_backlogs',
    'stats_held',
    'sandboxes',
    'sandbox_requests',
    'sandbox_attempts',
    'conformance_runs',
  ];

  it.each(tables)('reads only its tenant’s rows of %s', async (table) => {
    const { rows } = await asA(`select to_jsonb(t) as row from ${table} t`, [], true);
    const all = await db.query(`select to_jsonb(t)::text as row from ${table} t`);
    expect(rows).toHaveLength(1);
    // each tenant has a second alert, which is for the operator
    expect(all.rows).toHaveLength(table === 'alerts' ? 4 : 2);
    expect(JSON.stringify(rows)).not.toMatch(b.anyOfIt);
  });

  it('changes only the rows of its tenant', async () => {
    const before = await b.rows();
    for (const change of [
      `update tenants set name = 'changed'`,
      `update endpoints set description = 'changed'`,
      'update endpoint_secrets set valid_to = now()',
      `update deliveries set status = 'cancelled'`,
    ]) {
      expect((await asA(change)).rowCount).toBe(1);
    }
    expect(await b.rows()).toEqual(before);
  });

  it('locks only the rows of its tenant', async () => {
    expect((await asA('select id from deliveries for update')).rows).toEqual([{ id: a.delivery }]);
  });
});

describe('a statement that names another tenant', () => {
  const denied = { code: '42501' };

  it('changes nothing', async () => {
    const before = await b.rows();
    expect((await asA('update endpoints set gate = $2 where id = $1', [b.endpoint, 'held'])).rowCount).toBe(0);
    expect((await asA(`update deliveries set status = 'cancelled' where id = $1`, [b.delivery])).rowCount).toBe(0);
    await expect(
      asA(`insert into endpoints (id, tenant_id, sealed, host) values (gen_random_uuid(), $1, '', 'x')`, [b.tenant]),
    ).rejects.toMatchObject(denied);
    await expect(
      asA('insert into endpoint_secrets (id, endpoint_id, sealed) values (gen_random_uuid(), $1, $2)', [b.endpoint, Buffer.of(1)]),
    ).rejects.toMatchObject(denied);
    await expect(asA('update endpoints set tenant_id = $1', [b.tenant])).rejects.toMatchObject(denied);
    await expect(asA('update endpoint_secrets set endpoint_id = $1', [b.endpoint])).rejects.toMatchObject(denied);
    await expect(asA('insert into tenants (id, external_id, name) values (gen_random_uuid(), $1, $1)', ['x'])).rejects.toMatchObject(
      denied,
    );
    await expect(asA('delete from endpoints')).rejects.toMatchObject(denied);
    expect(await b.rows()).toEqual(before);
  });

  it('reads nothing, and no partition directly', async () => {
    for (const [table, id] of Object.entries({ endpoints: b.endpoint, deliveries: b.delivery, events: b.event })) {
      expect((await asA(`select from ${table} where id = $1`, [id])).rowCount).toBe(0);
    }
    const { rows } = await db.query<{ name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'events'::regclass limit 1`,
    );
    await expect(asA(`select from ${rows[0]?.name}`)).rejects.toMatchObject(denied);
  });
});

describe('every table', () => {
  it('is closed to tenants or has a policy for them; partitions are closed', async () => {
    const { rows } = await db.query<{ name: string; policies: number; secured: boolean; open: boolean; partition: boolean }>(`
      select c.relname as name, c.relrowsecurity as secured, c.relispartition as partition,
        (select count(*) from pg_policy p where p.polrelid = c.oid and p.polroles = array[tenant_role()::regrole::oid])::int as policies,
        has_any_column_privilege(tenant_role(), c.oid, 'select, insert, update') or has_table_privilege(tenant_role(), c.oid, 'delete, truncate, trigger') as open
      from pg_class c where c.relnamespace in (current_schema()::regnamespace, 'posthorn_audit'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm')`);
    expect(rows.length).toBeGreaterThan(30);
    for (const { name, open, secured, policies, partition } of rows) {
      if (open) expect({ name, secured, policies, partition }).toEqual({ name, secured: true, policies: 1, partition: false });
    }
    // a partition that upkeep makes later
    await db.query(`select make_partition('events', (now() + interval '40 days')::date)`);
    const made = await db.query(
      `select from pg_class c where c.relispartition and has_any_column_privilege(tenant_role(), c.oid, 'select')`,
    );
    expect(made.rowCount).toBe(0);
  });

  it('applies no policy to its owner, so that the delivery path sees all rows', async () => {
    const { rows } = await db.query(`select from pg_class where relforcerowsecurity or (relrowsecurity and row_security_active(oid))`);
    expect(rows).toEqual([]);
  });
});

describe('a scope', () => {
  it('leaves nothing on the connection, even after a failure', async () => {
    const one = createPool({ url: database.url, max: 1, onError: () => undefined });
    const who = `select current_user::text as who, nullif(current_setting('posthorn.tenant', true), '')::uuid as tenant`;
    const scope = { tenantId: idOf('tnt', a.tenant), readOnly: false };
    const before = (await one.query(who)).rows;
    const { rows } = await asTenant(scope, () => scopedDb(one).query(who));
    expect(rows[0].tenant).toBe(a.tenant);
    expect(rows[0].who).not.toBe(before[0].who);
    expect((await one.query(who)).rows).toEqual(before);
    await expect(asTenant(scope, () => scopedDb(one).query('select 1 / 0'))).rejects.toThrow('division by zero');
    expect((await one.query(who)).rows).toEqual(before);
    expect((await scopedDb(one).query(who)).rows).toEqual(before);
    await one.end();
  });

  it('applies to its own request only, with others running at the same time', async () => {
    const seen = await Promise.all(
      [a, b, a, b, a, b, a, b, a, b, a, b].map(({ tenant }, index) =>
        asTenant({ tenantId: idOf('tnt', tenant), readOnly: index % 3 === 0 }, async () => {
          await new Promise((resolve) => setImmediate(resolve));
          const { rows } = await scopedDb(db).query({ name: 'who_is_it', text: 'select id from tenants' });
          return rows;
        }),
      ),
    );
    expect(seen).toEqual(Array.from({ length: 6 }, () => [[{ id: a.tenant }], [{ id: b.tenant }]]).flat());
  });

  it('holds within a transaction, and rejects statements before and after it', async () => {
    const scope = { tenantId: idOf('tnt', a.tenant), readOnly: false };
    await asTenant(scope, async () => {
      const ids = await inTransaction(scopedDb(db), async (client) => (await client.query('select id from endpoints')).rows);
      expect(ids).toEqual([{ id: a.endpoint }]);
      const client = await scopedDb(db).connect();
      await expect(client.query('select id from endpoints')).rejects.toThrow('sent outside a transaction');
      await client.query('begin');
      await client.query('commit');
      await expect(client.query('select id from endpoints')).rejects.toThrow('sent outside a transaction');
      client.release();
    });
  });

  it('that is read-only changes nothing', async () => {
    await expect(asA(`update endpoints set description = 'x'`, [], true)).rejects.toMatchObject({ code: '25006' });
  });

  it('with an invalid tenant id runs nothing', async () => {
    const nobody = asTenant({ tenantId: `tnt_'; select 1; --`, readOnly: false }, () => scopedDb(db).query('select id from tenants'));
    await expect(nobody).rejects.toMatchObject({ code: '22P02' });
    await expect(
      inTransaction(db, async (client) => {
        await client.query(`select set_config('role', tenant_role(), true)`);
        await client.query('select id from tenants');
      }),
    ).rejects.toThrow(/posthorn\.tenant|uuid/);
  });
});

describe('a connection', () => {
  const limits = `select current_setting('statement_timeout') as statement, current_setting('idle_in_transaction_session_timeout') as idle`;

  it('ends statements and idle transactions after 30 s, but a migration may take longer', async () => {
    const one = createPool({ url: database.url, max: 1, onError: () => undefined });
    const folder = await mkdtemp(join(tmpdir(), 'posthorn-migrations-'));
    try {
      await cp(migrationsFolder, folder, { recursive: true });
      await writeFile(join(folder, '999999_limits.sql'), `create table migrated_with as ${limits}`);
      expect((await one.query(limits)).rows).toEqual([{ statement: '30s', idle: '30s' }]);
      await migrate(one, folder);
      expect((await one.query('select * from migrated_with')).rows).toEqual([{ statement: '6h', idle: '30s' }]);
      expect((await one.query(limits)).rows).toEqual([{ statement: '30s', idle: '30s' }]);
      await one.query('drop table migrated_with');
    } finally {
      await one.end();
      await rm(folder, { recursive: true });
    }
  });
});
