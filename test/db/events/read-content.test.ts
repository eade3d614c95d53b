// What filters get to see of an event's content: decrypted, erased, or unreadable for good; and what is tried again.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openContent } from '#db/events/read-content';
import { createContentEncryption } from '#db/keys/content-encryption';
import { EventContent } from '#domain/filters/filter';
import { newId } from '#runtime/new-id';
import { createVault, UnknownMasterKey } from '#sealing/vault';
import { testContents } from '../../support/contents.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

it('is what was posted, or says why there is none', async () => {
  const contents = testContents(database.db);
  const eventId = newId('evt');
  const plain = Buffer.from('{"type":"a","data":{"größe":1}}');
  const [sealed = plain] = await contents.seal([{ ofDay: eventId, context: eventId, plain }]);
  for (const body of [plain, sealed]) {
    const content = await openContent(contents, eventId, body);
    expect(content).toBeInstanceOf(EventContent);
    expect((content as EventContent).root).toEqual({ type: 'a', data: { größe: 1 } });
  }
  expect(await openContent(contents, eventId, Buffer.alloc(0))).toBe('erased');
  expect(await openContent(contents, newId('evt'), sealed)).toBe('unreadable');
  const elsewhere = createContentEncryption(database.db, createVault([randomBytes(32).toString('base64')]));
  await expect(openContent(elsewhere, eventId, sealed)).rejects.toThrow(UnknownMasterKey);
});
