// Makes new API keys: 256 random bits, of which only a hash and the first characters are stored.
import { createHash, randomBytes } from 'node:crypto';
import { keyPrefix, shownLength } from '#domain/access/api-key';

export interface NewKey {
  /** Shown once and not stored. */
  key: string;
  /** SHA-256. No slow hash is needed, because 2^256 keys cannot be searched. */
  hash: Uint8Array;
  prefix: string;
}

export function makeKey(): NewKey {
  const key = `${keyPrefix}${randomBytes(32).toString('base64url')}`;
  return { key, hash: createHash('sha256').update(key).digest(), prefix: key.slice(0, shownLength) };
}
