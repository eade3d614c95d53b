// Secrets at rest: AES-256-GCM under the operator's master keys. The first key seals; every key given opens what it sealed.
//
// Layout of what is sealed: version (1 byte) | key id (4) | nonce (12) | tag (16) | ciphertext. The context, such as the secret's id, is
// authenticated with it, so that a sealed value cannot be moved to another row.
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';

export interface Vault {
  seal(plain: Uint8Array, context: string): Uint8Array;
  /** Throws VaultError. */
  open(sealed: Uint8Array, context: string): Uint8Array;
  /** A key for another use, derived (HKDF-SHA256) from each master key, in their order: the first is to make with, all are to check with. */
  derive(use: string): [KeyObject, ...KeyObject[]];
  /** Names the key that seals, and tells nothing of it. */
  fingerprint: string;
  /** Of all keys given, in their order. */
  fingerprints: string[];
  /** Each key's own mark in what it sealed, in hex: the beginning of its fingerprint. */
  keyIds: string[];
}

export class VaultError extends Error {
  override name = 'VaultError';
}

/** This process was not given the key; others were, or this one will be. */
export class UnknownMasterKey extends VaultError {}

interface MasterKey {
  key: KeyObject;
  id: Buffer;
  fingerprint: string;
}

const version = 1;
const nonceAt = 5;
const tagAt = 17;
const textAt = 33;

/** `masterKeys`: each 32 bytes in base64. Throws VaultError on anything else. */
export function createVault(masterKeys: string[]): Vault {
  const keys = masterKeys.map(readKey);
  const [first] = keys;
  if (!first) throw new VaultError('no master key is given');
  return {
    seal: (plain, context) => seal(first, plain, context),
    open: (sealed, context) => open(keys, sealed, context),
    derive: (use) => [derive(first, use), ...keys.slice(1).map((key) => derive(key, use))],
    fingerprint: first.fingerprint,
    fingerprints: keys.map((key) => key.fingerprint),
    keyIds: keys.map(({ id }) => id.toString('hex')),
  };
}

function readKey(base64: string): MasterKey {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length !== 32) throw new VaultError('a master key must be 32 bytes in base64');
  // Node makes a key of plain bytes anew at every use, which costs several times what it is used for
  const key = createSecretKey(bytes);
  const print = createHmac('sha256', key).update('posthorn master key').digest();
  return { key, id: print.subarray(0, 4), fingerprint: print.subarray(0, 16).toString('hex') };
}

function derive({ key }: MasterKey, use: string): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', key, new Uint8Array(0), `posthorn ${use}`, 32)));
}

function seal({ key, id }: MasterKey, plain: Uint8Array, context: string): Uint8Array {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Uint8Array.of(version), id, nonce, cipher.getAuthTag(), text]);
}

function open(keys: MasterKey[], bytes: Uint8Array, context: string): Uint8Array {
  const sealed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (sealed.length < textAt || sealed[0] !== version) throw new VaultError('this was not sealed by a Posthorn vault');
  const found = keys.find(({ id }) => id.equals(sealed.subarray(1, nonceAt)));
  if (!found) throw new UnknownMasterKey('this was sealed with a master key that is not among those given');
  const decipher = createDecipheriv('aes-256-gcm', found.key, sealed.subarray(nonceAt, tagAt), { authTagLength: 16 });
  decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(tagAt, textAt));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(textAt)), decipher.final()]);
  } catch (error) {
    throw new VaultError('this was changed after it was sealed, or belongs elsewhere', { cause: error });
  }
}
