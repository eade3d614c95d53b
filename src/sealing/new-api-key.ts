// Makes new API keys: 256 random bits, of which only a hash and the first characters are stored.
import { createHash, randomBytes } from 'node:crypto';
import { keyPrefix, shownLength } from '#domain/access/api-key';
import { sessionPrefix } from '#domain/access/session';

export interface NewKey {
  /** Shown once and not stored. */
  key: string;
  /** SHA-256. No slow hash is needed, because 2^256 keys cannot be searched. */
  hash: Uint8Array;
  prefix: string;
}

export function makeKey(): NewKey {
  const { text: key, hash } = randomText(keyPrefix);
  return { key, hash, prefix: key.slice(0, shownLength) };
}

/** The token of a new session, in the same way. */
export function makeSessionToken(): { token: string; hash: Uint8Array } {
  const { text: token, hash } = randomText(sessionPrefix);
  return { token, hash };
}

function randomText(prefix: string): { text: string; hash: Uint8Array } {
  const text = `${prefix}${randomBytes(32).toString('base64url')}`;
  return { text, hash: createHash('sha256').update(text).digest() };
}
