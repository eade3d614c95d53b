// Ed25519 key pairs as raw 32 bytes (RFC 8032): the seed, which is stored encrypted, and the
// public key, which is published.
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

// the PKCS #8 bytes before a seed (RFC 8410)
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Throws unless `seed` has 32 bytes. */
export function privateKeyOf(seed: Uint8Array): KeyObject {
  if (seed.length !== 32) throw new Error('the seed of an ed25519 key must have 32 bytes');
  return createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' });
}

export function publicBytesOf(privateKey: KeyObject): Buffer {
  return Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '', 'base64url');
}
