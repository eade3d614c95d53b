// Event encryption for tests that need no vault of their own.
import { type ContentEncryption, createContentEncryption } from '#db/keys/content-encryption';
import type { Db } from '#db/store/pool';
import { createVault } from '#sealing/vault';

const masterKey = Buffer.alloc(32, 7).toString('base64');

/** For a database in which no other process encrypts anything. */
export function testContents(db: Db): ContentEncryption {
  return createContentEncryption(db, createVault([masterKey]));
}
