// What a test endpoint received is kept within limits: of number, of size and of age.
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { countSandboxAttempt, deleteOldSandboxRequests, listSandboxRequests, recordSandboxRequest } from '#db/sandbox/sandbox-requests';
import { idOf, makeId } from '#domain/ids';
import { keptBytes, keptDays, keptRequests } from '#domain/sandbox/sandbox-endpoint';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { furnished } from '../access/furnished-tenant.ts';

let database: TestDatabase;
let db: pg.Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
});
afterAll(() => database.drop());

async function newSandbox(): Promise<string> {
  const { tenant } = await furnished(db, 'limits');
  const { rows } = await db.query<{ id: string }>('select id from sandboxes where tenant_id = $1', [tenant]);
  return idOf('sbx', rows[0]?.id ?? '');
}

const request = (content: Buffer, id = newId('sbr')) => ({
  ...{ id, webhookId: 'evt_1', delivery: null, attempt: 1, method: 'POST', signature: 'valid', statusAnswered: 200, bodyBytes: 1 },
  content,
});
const kept = async (sandbox: string) => (await listSandboxRequests(db, sandbox, null, null, 1_000)).map(({ id }) => id);

it('only the newest requests are kept', async () => {
  const sandbox = await newSandbox();
  const ids = Array.from({ length: keptRequests + 5 }, (_, index) => makeId('sbr', Date.now() + index, Buffer.alloc(10)));
  for (const id of ids) await recordSandboxRequest(db, sandbox, request(Buffer.of(1), id));
  expect(await kept(sandbox)).toEqual(ids.slice(-keptRequests).reverse());
});

it('large requests push out older ones', async () => {
  const sandbox = await newSandbox();
  for (let n = 0; n < 4; n++) await recordSandboxRequest(db, sandbox, request(Buffer.alloc(keptBytes / 4)));
  expect(await kept(sandbox)).toHaveLength(4);
  await recordSandboxRequest(db, sandbox, request(Buffer.alloc(keptBytes / 2)));
  expect(await kept(sandbox)).toHaveLength(3);
});

it('old requests and counts are deleted, and a sandbox that was deleted records nothing', async () => {
  const sandbox = await newSandbox();
  const old = makeId('sbr', Date.now() - (keptDays * 24 + 1) * 3_600_000, Buffer.alloc(10));
  const recent = request(Buffer.of(1));
  await recordSandboxRequest(db, sandbox, recent);
  await recordSandboxRequest(db, sandbox, request(Buffer.of(1), old));
  expect([await countSandboxAttempt(db, sandbox, 'evt_2'), await countSandboxAttempt(db, sandbox, 'evt_2')]).toEqual([1, 2]);
  await db.query(`update sandbox_attempts set seen_at = now() - interval '8 days' where webhook_id = 'evt_2'`);
  expect(await deleteOldSandboxRequests(db)).toBeGreaterThanOrEqual(1);
  expect(await kept(sandbox)).not.toContain(old);
  expect(await kept(sandbox)).toContain(recent.id);
  expect(await countSandboxAttempt(db, sandbox, 'evt_2')).toBe(1);
  await recordSandboxRequest(db, newId('sbx'), request(Buffer.of(1)));
  expect((await db.query(`select from sandbox_requests where sandbox_id not in (select id from sandboxes)`)).rowCount).toBe(0);
});
