// Ed25519 key pairs in their 32 bytes: the seed, which is kept, and the public key, which is shown (RFC 8032).
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

// what PKCS #8 has in front of a seed (RFC 8410)
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Throws unless `seed` has 32 bytes. */
export function privateKeyOf(seed: Uint8Array): KeyObject {
  if (seed.length !== 32) throw new Error('the seed of an ed25519 key has 32 bytes');
  return createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' });
}

export function publicBytesOf(privateKey: KeyObject): Buffer {
  return Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '', 'base64url');
}
