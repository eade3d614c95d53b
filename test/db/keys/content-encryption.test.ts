// Encryption of stored content with a key per day; and the list of every column that the master key
// encrypts.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContentEncryption } from '#db/keys/content-encryption';
import { dropOldDataKeys } from '#db/keys/data-keys';
import { sealedColumns } from '#db/keys/sealed-columns';
import { makeId } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { createVault, VaultError } from '#sealing/vault';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const vault = createVault([randomBytes(32).toString('base64')]);
const plain = Buffer.from('{"type":"a","data":"canary"}');
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const content = (id: string) => ({ ofDay: id, context: id, plain });
const keyNames = async () => (await database.db.query('select name from data_keys order by name')).rows.map(({ name }) => name);

describe('encrypted content', () => {
  it('can be decrypted in any process, even when several made the key of the day at once', async () => {
    const processes = Array.from({ length: 4 }, () => createContentEncryption(database.db, vault));
    const ids = processes.map(() => newId('evt'));
    const sealed = await Promise.all(processes.map((one, index) => one.seal([content(ids[index] ?? '')])));
    for (const process of [...processes, createContentEncryption(database.db, vault)]) {
      for (const [index, id] of ids.entries()) expect(Buffer.from(await process.open(id, sealed[index]?.[0] ?? plain))).toEqual(plain);
    }
    expect(new Set(await Promise.all(processes.map(async (one) => Buffer.from((await one.hasher())('a')).toString('hex')))).size).toBe(1);
  });

  it('shows nothing, is never the same twice, and can be decrypted only unchanged and with its own id', async () => {
    const contents = createContentEncryption(database.db, vault);
    const id = newId('evt');
    const [one, two] = (await contents.seal([content(id), content(id)])) as [Buffer, Buffer];
    expect(one.includes('canary')).toBe(false);
    expect(one).not.toEqual(two);
    await expect(contents.open(newId('evt'), one)).rejects.toThrow(VaultError);
    for (const at of [3, 15, 31, one.length - 1]) {
      const changed = Buffer.from(one);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(contents.open(id, changed)).rejects.toThrow(VaultError);
    }
    await expect(contents.open(id, one.subarray(0, 20))).rejects.toThrow(VaultError);
  });

  it('is returned as it is when it is not encrypted, and cannot be decrypted after an erasure', async () => {
    const contents = createContentEncryption(database.db, vault);
    expect(await contents.open(newId('evt'), plain)).toBe(plain);
    await expect(contents.open(newId('evt'), Buffer.alloc(0))).rejects.toThrow(/erased/);
  });

  it('cannot be decrypted, even from a backup, after its partition and key are gone', async () => {
    const contents = createContentEncryption(database.db, vault);
    const old = makeId('evt', Date.UTC(2020, 1, 29, 23, 59, 59, 999), randomBytes(10));
    const [sealed] = await contents.seal([content(old)]);
    expect(await keyNames()).toContain('content/2020-02-29');
    expect(await dropOldDataKeys(database.db)).toBe(1);
    expect(await keyNames()).toEqual([`content/${new Date().toISOString().slice(0, 10)}`, 'digest']);
    await expect(createContentEncryption(database.db, vault).open(old, sealed ?? plain)).rejects.toThrow(/was deleted/);
  });
});

it('lists every column that the master key encrypts, so that a rotation encrypts it again', async () => {
  const { rows } = await database.db.query<{ name: string }>(
    `select table_name || '.' || column_name as name from information_schema.columns
     where table_schema = 'public' and data_type = 'bytea' and table_name !~ '_[0-9]{8}$' order by 1`,
  );
  // encrypted with data keys, or hashes
  const others = [
    'api_keys.hash',
    'attempts.exchange',
    'audit_head.hash',
    'audit_log.hash',
    'audit_log.prev_hash',
    'erasures.subject_hash',
    'event_ids.content_hash',
    'events.body',
    'events.subject_hash',
    'idempotency_keys.request_hash',
    'portal_links.logo_hash',
    'portal_logos.hash',
    'sandbox_requests.content',
    'sessions.config_hash',
    'sessions.hash',
    'signing_keys.public_key',
  ];
  // of requests that end within a minute
  const shortLived = ['listen_requests.answer', 'listen_requests.sealed'];
  others.push(...shortLived);
  expect(rows.map(({ name }) => name).filter((name) => !others.includes(name))).toEqual(sealedColumns.map(({ column }) => column).sort());
});
