// Migrations: which databases they upgrade, and which they refuse without changing them.
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrationsFolder } from '#config/package';
import { migrate } from '#db/store/migrate';
import { createEmptyDatabase, type TestDatabase } from '../../support/database.ts';
import { schemaText } from './schema-text.ts';

let database: TestDatabase;
let db: pg.Pool;
let folder: string;
beforeAll(async () => {
  database = await createEmptyDatabase();
  ({ db } = database);
  folder = await mkdtemp(join(tmpdir(), 'posthorn-migrations-'));
  await cp(migrationsFolder, folder, { recursive: true });
});
afterAll(async () => {
  await database?.drop();
  await rm(folder, { recursive: true });
});

const appliedNames = async () => (await db.query<{ name: string }>('select name from migrations order by 1')).rows.map(({ name }) => name);
const refusal =
  /^This database was set up by an unreleased version of Posthorn \(its migration 00000\d_\w+\.sql is not one of this version's\), and cannot be upgraded: delete the data folder \(\.posthorn, or POSTHORN_DATA_DIR\), or set DATABASE_URL to a new, empty database\.$/;

it('of an unreleased version are refused: they stored no checksums', async () => {
  await db.query('create table migrations (name text primary key, applied_at timestamptz not null default now())');
  await db.query(`insert into migrations (name) values ('000001_core.sql')`);
  const before = await schemaText(db);
  await expect(migrate(db, folder)).rejects.toThrow(refusal);
  await db.query(`update migrations set name = (select $1)`, ['000001_tenant_isolation.sql']);
  await expect(migrate(db, folder)).rejects.toThrow(refusal);
  expect(await schemaText(db)).toBe(before);
  await db.query('drop table migrations');
});

it('run once, in order, also from several processes at the same time', async () => {
  const runs = await Promise.all([migrate(db, folder), migrate(db, folder)]);
  const names = (await readdir(migrationsFolder)).filter((name) => /^\d/.test(name)).sort();
  expect(runs.flat()).toEqual(names);
  expect(await appliedNames()).toEqual(names);
  expect(await migrate(db, folder)).toEqual([]);
});

it('that were edited after they ran are refused; new line ends are no edit', async () => {
  const [first = ''] = await appliedNames();
  const text = (await db.query<{ checksum: string }>('select checksum from migrations where name = $1', [first])).rows[0]?.checksum;
  await db.query(`update migrations set checksum = md5(checksum) where name = $1`, [first]);
  await expect(migrate(db, folder)).rejects.toThrow(refusal);
  await db.query('update migrations set checksum = $2 where name = $1', [first, text]);
  await writeFile(join(folder, '500000_new.sql'), 'create table new_table (id int);\ncomment on table new_table is $$new$$;\n');
  expect(await migrate(db, folder)).toEqual(['500000_new.sql']);
  await writeFile(join(folder, '500000_new.sql'), 'create table new_table (id int);\r\ncomment on table new_table is $$new$$;\r\n');
  expect(await migrate(db, folder)).toEqual([]);
});

it('that miss a role which another database has just created run again', async () => {
  await db.query('create sequence runs');
  const sql = `do $$ begin if nextval('runs') < 3 then perform set_config('role', 'not_yet_visible', true); end if; end $$; create table late (id int)`;
  await writeFile(join(folder, '550000_late.sql'), sql);
  expect(await migrate(db, folder)).toEqual(['550000_late.sql']);
  expect((await db.query('select last_value::int as runs from runs')).rows).toEqual([{ runs: 3 }]);
});

it('of a newer version do not stop this one, but a gap between the known ones does', async () => {
  expect(await migrate(db, migrationsFolder)).toEqual([]);
  await writeFile(join(folder, '600000_newer.sql'), 'create table newer_table (id int)');
  await migrate(db, folder);
  await rm(join(folder, '500000_new.sql'));
  await expect(migrate(db, folder)).rejects.toThrow('its migration 500000_new.sql is not one');
});
