// `publish` on a real PostgreSQL, and its SQL.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEmptyDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { until } from '../../../test/support/until.ts';
import { outboxInsert, outboxTableSql, publish, rawJson } from '../src/outbox.ts';

const folder = join(import.meta.dirname, '..');
const root = join(folder, '../..');

let database: TestDatabase;
beforeAll(async () => {
  database = await createEmptyDatabase();
  await database.db.query(outboxTableSql());
});
afterAll(() => database.drop());

it('writes the event with the transaction, and notifies when it commits', async () => {
  const listener = await database.db.connect();
  const heard: string[] = [];
  listener.on('notification', ({ channel }) => heard.push(channel));
  await listener.query('listen posthorn_producer');
  const tx = await database.db.connect();
  await tx.query('begin');
  const id = await publish(tx, { tenant: 'acme', type: 'order.created', data: { n: 1 }, orderingKey: 'k', channels: ['vip'] });
  const rows = 'select position, id, tenant, type, data::text, ordering_key, options, refused_at from posthorn_outbox';
  expect((await database.db.query(rows)).rows).toEqual([]);
  await tx.query('commit');
  await until('the notification', () => heard.length === 1);
  expect((await database.db.query(rows)).rows).toEqual([
    {
      position: 1,
      id,
      tenant: 'acme',
      type: 'order.created',
      data: '{"n":1}',
      ordering_key: 'k',
      options: { channels: ['vip'], occurredAt: expect.stringMatching(/^\d{4}-/) },
      refused_at: null,
    },
  ]);
  tx.release();
  listener.release(true);
});

it('the same event with its own id gives the same statement', () => {
  const event = { tenant: 'acme', type: 'order.created', data: null, id: 'order-1' };
  expect(outboxInsert(event)).toEqual(outboxInsert(event));
  expect(outboxInsert(event).values).toEqual(['order-1', 'acme', 'order.created', 'null', null, '{}']);
});

it('writes rawJson as it is', () => {
  const { values } = outboxInsert({ type: 'a.b', data: rawJson('{"n":12345678901234567890}') });
  expect(values[3]).toBe('{"n":12345678901234567890}');
  expect(() => JSON.stringify({ data: rawJson('1') })).toThrow('only the whole `data` of an event');
});

it('refuses what can be no event before anything is written', () => {
  const event = { type: 'a.b', data: 1 };
  expect(() => outboxInsert({ ...event, data: undefined })).toThrow('data must be a JSON value');
  expect(() => outboxInsert({ ...event, type: '' })).toThrow('type must be the name');
  expect(() => outboxInsert({ ...event, id: 'a b' })).toThrow('id must be');
  expect(() => outboxInsert({ ...event, id: 'test_1' })).toThrow('id must be');
  expect(() => outboxInsert(event, { table: 'a"b' })).toThrow('table must be');
});

it('the table can have another name and schema', async () => {
  const table = 'Shop.events_of_a_platform_whose_names_are_almost_as_long_as_allowed';
  await database.db.query(`create schema "Shop"; ${outboxTableSql(table)}`);
  await publish(database.db, { type: 'a.b', data: 1 }, { table });
  expect((await database.db.query('select type from "Shop".events_of_a_platform_whose_names_are_almost_as_long_as_allowed')).rows).toEqual([
    { type: 'a.b' },
  ]);
});

it('the SQL of the file, of the function and of the documentation is the same', () => {
  expect(readFileSync(join(folder, 'outbox.sql'), 'utf8')).toBe(outboxTableSql());
  expect(readFileSync(join(root, 'docs/ingest.md'), 'utf8')).toContain(`\`\`\`sql\n${outboxTableSql()}\`\`\``);
});
