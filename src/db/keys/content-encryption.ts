// Contents at rest - what producers post, what endpoints answer - sealed with a data key of their day, and hashes that only we can make.
//
// Layout of what is sealed: version (1 byte) | day since 1970 (2) | nonce (12) | tag (16) | ciphertext, by AES-256-GCM; the context, an id, is authenticated
// with it. A body from before this was built begins with `{` and is passed on as it is. Why keys of days: docs/decisions/0018-content-keys.md.
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject, randomBytes, randomFillSync } from 'node:crypto';
import { unixMsOf } from '#domain/ids';
import { type Vault, VaultError } from '#sealing/vault';
import type { Db } from '../store/pool.ts';
import { readDataKey, readOrKeepDataKey } from './data-keys.ts';

export interface Content {
  /** An id made on the day whose key seals it: of an event, or of a delivery of it. */
  ofDay: string;
  /** The id under which it can be opened again. */
  context: string;
  plain: Uint8Array;
}

export interface ContentEncryption {
  /** In their order; null for null. Asks the store only for the key of a day that is new to this process. */
  seal(contents: Content[]): Promise<Uint8Array[]>;
  seal(contents: (Content | null)[]): Promise<(Uint8Array | null)[]>;
  /** What was stored before there were seals is returned as it is. Throws VaultError, also when it was erased. */
  open(context: string, stored: Uint8Array): Promise<Uint8Array>;
  /** Makes hashes (SHA-256, keyed) that nobody can make, or try guesses against, who has the database alone. Asks the store once. */
  hasher(): Promise<Hash>;
}

export type Hash = (plain: Uint8Array | string) => Uint8Array;

const version = 2;
const nonceAt = 3;
const tagAt = 15;
const textAt = 31;

/** Asks the store for a key when it is first needed, and makes the one that is not there. */
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
    if (!sealed) throw new VaultError('the key of its day was dropped: nobody can open this any more');
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
      if (stored.length === 0) throw new VaultError('its content was erased');
      if (stored[0] !== version) return stored;
      const sealed = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
      if (sealed.length < textAt) throw new VaultError('this was cut short');
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

/** What the vault binds a data key to. */
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
    throw new VaultError('this was changed after it was sealed, or belongs elsewhere', { cause: error });
  }
}

/** Random, many fetched at once: asking the system for each costs more than the sealing. */
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
