// The text of a new API key: 256 random bits, of which the store gets a hash and the first characters.
import { createHash, randomBytes } from 'node:crypto';
import { keyPrefix, shownLength } from '#domain/api-key';

export interface NewKey {
  /** Shown once. */
  key: string;
  /** SHA-256; a plain one will do: nobody searches 2^256 keys. */
  hash: Uint8Array;
  prefix: string;
}

export function makeKey(): NewKey {
  const key = `${keyPrefix}${randomBytes(32).toString('base64url')}`;
  return { key, hash: createHash('sha256').update(key).digest(), prefix: key.slice(0, shownLength) };
}
