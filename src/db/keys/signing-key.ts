// Makes signing key pairs. The seed of the private key is encrypted, with the id of the key as
// context.
import { randomBytes } from 'node:crypto';
import { privateKeyOf, publicBytesOf } from '#outbound/key-pair';
import type { Vault } from '#sealing/vault';
import type { SealedKeyPair } from './signing-keys.ts';

export function newKeyPair(vault: Pick<Vault, 'seal'>, keyId: string): SealedKeyPair {
  const seed = randomBytes(32);
  return { keyId, publicKey: publicBytesOf(privateKeyOf(seed)), sealed: vault.seal(seed, keyId) };
}
