// Contents at rest for tests that need no vault of their own.
import { type Contents, createContents } from '../../src/contents.ts';
import type { Db } from '../../src/db/pool.ts';
import { createVault } from '../../src/vault.ts';

const masterKey = Buffer.alloc(32, 7).toString('base64');

/** Of a database that nobody else seals anything in. */
export function testContents(db: Db): Contents {
  return createContents(db, createVault([masterKey]));
}
