// Encrypts stored content (what producers post, what endpoints answer) with a data key per day, and
// makes keyed hashes. Why a key per day: docs/decisions/0018-content-keys.md.
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject, randomBytes, randomFillSync } from 'node:crypto';
import { unixMsOf } from '#domain/ids';
import { type Vault, VaultError } from '#sealing/vault';
import type { Db } from '../store/pool.ts';
import { readDataKey, readOrKeepDataKey } from './data-keys.ts';

export interface Content {
  /** An id of an event or of one of its deliveries; the day it was made on selects the data key. */
  ofDay: string;
  /** The id that has to be given to decrypt it. */
  context: string;
  plain: Uint8Array;
}

export interface ContentEncryption {
  /**
   * Encrypts the contents, in order; null stays null. Reads the store only for the key of a day that is new to this
   * process.
   */
  seal(contents: Content[]): Promise<Uint8Array[]>;
  seal(contents: (Content | null)[]): Promise<(Uint8Array | null)[]>;
  /**
   * Decrypts. A body that is not encrypted is returned as it is: an event that was just accepted has one, in memory.
   * Throws VaultError, also if the content was erased.
   */
  open(context: string, stored: Uint8Array): Promise<Uint8Array>;
  /**
   * Makes keyed SHA-256 hashes. Nobody who has only the database can make them or test guesses against them. Reads the
   * store once.
   */
  hasher(): Promise<Hash>;
}

export type Hash = (plain: Uint8Array | string) => Uint8Array;

/**
 * Layout of encrypted content: version (1 byte) | day since 1970 (2) | nonce (12) | tag (16) | ciphertext, by
 * AES-256-GCM. The context, an id, is authenticated with it. A body that is not encrypted begins with `{` instead.
 */
const version = 2;
const nonceAt = 3;
const tagAt = 15;
const textAt = 31;

/** Reads a data key from the store when it is first needed, and creates it if there is none. */
export function createContentEncryption(db: Db, vault: Pick<Vault, 'seal' | 'open'>): ContentEncryption {
  const toKey = (name: string, sealed: Uint8Array) => createSecretKey(vault.open(sealed, contextOf(name)));
  const fresh = (name: string) => () => vault.seal(randomBytes(32), contextOf(name));
  const makeOrRead = async (name: string) => toKey(name, await readOrKeepDataKey(db, name, fresh(name)));
  const ofDay = new Map<number, KeyObject>();
  const nonce = nonces();
  let hash: Hash | undefined;

  async function keyThatSealed(day: number): Promise<KeyObject> {
    const known = ofDay.get(day);
    if (known) return known;
    const sealed = await readDataKey(db, nameOf(day));
    if (!sealed) throw new VaultError('the data key of its day was deleted: this content can no longer be decrypted');
    const key = toKey(nameOf(day), sealed);
    ofDay.set(day, key);
    return key;
  }

  function sealOne(content: Content | null): Uint8Array | null {
    if (!content) return null;
    const day = dayOf(content.ofDay);
    return seal(ofDay.get(day) as KeyObject, day, nonce(), content);
  }

  return {
    async seal(contents: (Content | null)[]) {
      for (const content of contents) {
        const day = content && dayOf(content.ofDay);
        if (day !== null && !ofDay.has(day)) ofDay.set(day, await makeOrRead(nameOf(day)));
      }
      return contents.map(sealOne) as Uint8Array[];
    },
    async open(context, stored) {
      if (stored.length === 0) throw new VaultError('the content was erased');
      if (stored[0] !== version) return stored;
      const sealed = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
      if (sealed.length < textAt) throw new VaultError('the encrypted content is incomplete');
      return open(await keyThatSealed(sealed.readUInt16BE(1)), context, sealed);
    },
    async hasher() {
      if (!hash) {
        const key = await makeOrRead('digest');
        hash = (plain) => createHmac('sha256', key).update(plain).digest();
      }
      return hash;
    },
  };
}

/** The context with which the vault encrypts a data key. */
export function contextOf(name: string): string {
  return `data key ${name}`;
}

const dayMs = 86_400_000;

function dayOf(id: string): number {
  return Math.floor(unixMsOf(id) / dayMs);
}

function nameOf(day: number): string {
  return `content/${new Date(day * dayMs).toISOString().slice(0, 10)}`;
}

function seal(key: KeyObject, day: number, nonce: Uint8Array, { context, plain }: Content): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
  const sealed = Buffer.allocUnsafe(textAt + plain.length);
  sealed[0] = version;
  sealed.writeUInt16BE(day, 1);
  sealed.set(nonce, nonceAt);
  sealed.set(cipher.update(plain), textAt);
  cipher.final();
  sealed.set(cipher.getAuthTag(), tagAt);
  return sealed;
}

function open(key: KeyObject, context: string, sealed: Buffer): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(nonceAt, tagAt), { authTagLength: 16 });
  decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(tagAt, textAt));
  try {
    const text = decipher.update(sealed.subarray(textAt));
    decipher.final();
    return text;
  } catch (error) {
    throw new VaultError('the encrypted content was changed, or belongs to another id', { cause: error });
  }
}

/** Random nonces, many fetched at once: a system call for each costs more than the encryption. */
function nonces(): () => Uint8Array {
  const pool = Buffer.alloc(12 * 512);
  let at = pool.length;
  return () => {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    at += 12;
    return pool.subarray(at - 12, at);
  };
}
