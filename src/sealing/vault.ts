// Encrypts secrets at rest with AES-256-GCM under the operator's master keys.
// The first key encrypts. Every given key decrypts the values that it encrypted.
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';

export interface Vault {
  /**
   * Layout of the result: version (1 byte) | key id (4) | nonce (12) | tag (16) | ciphertext. The context, such as the
   * secret's id, is authenticated with it, so that an encrypted value cannot be moved to another row.
   */
  seal(plain: Uint8Array, context: string): Uint8Array;
  /** Throws VaultError. */
  open(sealed: Uint8Array, context: string): Uint8Array;
  /**
   * Derives a key for another use from each master key (HKDF-SHA256), in their order. Sign with the first, verify with
   * all.
   */
  derive(use: string): [KeyObject, ...KeyObject[]];
  /** Identifies the key that encrypts, without revealing it. */
  fingerprint: string;
  /** Fingerprints of all given keys, in their order. */
  fingerprints: string[];
  /** The ids that the keys write into the values they encrypt, in hex: the beginning of each fingerprint. */
  keyIds: string[];
}

export class VaultError extends Error {
  override name = 'VaultError';
}

/** The value is encrypted with a master key that this process was not given. Other processes may have it. */
export class UnknownMasterKey extends VaultError {}

/**
 * False for an unknown master key. During a key rotation another process may have the key already, and this one will
 * get it: try again.
 */
export function isLasting(error: unknown): boolean {
  return error instanceof VaultError && !(error instanceof UnknownMasterKey);
}

interface MasterKey {
  key: KeyObject;
  id: Buffer;
  fingerprint: string;
}

const version = 1;
const nonceAt = 5;
const tagAt = 17;
const textAt = 33;

/** `masterKeys`: each 32 bytes in base64. Throws VaultError otherwise. */
export function createVault(masterKeys: string[]): Vault {
  const keys = masterKeys.map(readKey);
  const [first] = keys;
  if (!first) throw new VaultError('no master key is set');
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
  // with plain bytes Node would create a key object at every use, which costs several times the operation itself
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
  if (sealed.length < textAt || sealed[0] !== version) throw new VaultError('the value was not encrypted by a Posthorn vault');
  const found = keys.find(({ id }) => id.equals(sealed.subarray(1, nonceAt)));
  if (!found) throw new UnknownMasterKey('the value is encrypted with a master key that is not in POSTHORN_MASTER_KEY');
  const decipher = createDecipheriv('aes-256-gcm', found.key, sealed.subarray(nonceAt, tagAt), { authTagLength: 16 });
  decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(tagAt, textAt));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(textAt)), decipher.final()]);
  } catch (error) {
    throw new VaultError('the value was changed after it was encrypted, or belongs to another row', { cause: error });
  }
}
