// Caches the decrypted private keys that sign for tenants. Read by jobs that sign with a key pair.
// At most once a second, one statement lists the tenants whose keys changed; only those are read
// again. A key's dates are cached with it, so a planned rotation needs no message.
import type { KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { newKeyPair } from '#db/keys/signing-key';
import { ensureTenantKey, type HeldKey, readHeldKeys, readKeyChanges } from '#db/keys/signing-keys';
import type { Db } from '#db/store/pool';
import { signersAt } from '#domain/endpoints/signing-keys';
import { privateKeyOf } from '#outbound/key-pair';
import type { MessageKey } from '#outbound/sign-message';
import { newId } from '#runtime/new-id';
import type { Vault } from '#sealing/vault';

const checkEveryMs = 1_000;
const knownForMs = 3_000;
const defaultMaxTenants = 10_000;

interface Held extends HeldKey {
  key?: KeyObject;
}

export class KeyRing {
  readonly #db: Db;
  readonly #vault: Pick<Vault, 'open' | 'seal'>;
  readonly #tenants: LRUCache<string, Promise<Held[]>>;
  #version = 0;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #checking: Promise<void> | undefined;

  /** `maxTenants`: how many tenants the cache holds. Beyond that the least recently used one is evicted. */
  constructor(db: Db, vault: Pick<Vault, 'open' | 'seal'>, maxTenants = defaultMaxTenants) {
    this.#db = db;
    this.#vault = vault;
    this.#tenants = new LRUCache({ max: maxTenants });
  }

  /**
   * The keys that sign for the tenant now, the newest first. Creates the first key of a tenant that has none. Empty:
   * there is no such tenant. Rejects when PostgreSQL is away and the cache may be out of date, or when a key cannot be
   * decrypted.
   */
  async signersOf(tenantId: string): Promise<MessageKey[]> {
    const age = performance.now() - this.#checkedAt;
    if (age > knownForMs) await this.#check();
    else if (age > checkEveryMs) this.#check().catch(() => undefined);
    const signers = signersAt(await this.#heldBy(tenantId), performance.now());
    return signers.map((held) => this.#decrypted(held));
  }

  #check(): Promise<void> {
    const askedAt = performance.now();
    this.#checking ??= readKeyChanges(this.#db, this.#version)
      .then((changes) => {
        this.#version = changes.version;
        if (changes.tenantIds === null) this.#tenants.clear();
        for (const tenantId of changes.tenantIds ?? []) this.#tenants.delete(tenantId);
        this.#checkedAt = askedAt;
      })
      .finally(() => {
        this.#checking = undefined;
      });
    return this.#checking;
  }

  #heldBy(tenantId: string): Promise<Held[]> {
    const held = this.#tenants.get(tenantId) ?? this.#load(tenantId);
    this.#tenants.set(tenantId, held);
    return held;
  }

  #load(tenantId: string): Promise<Held[]> {
    const loading = this.#readOrMake(tenantId)
      .then((found) => {
        // read before a change that was seen since: the callers that waited get the keys, the cache does not keep them
        if (found.version < this.#version || found.keys.length === 0) this.#forget(tenantId, loading);
        return found.keys;
      })
      .catch((error) => {
        this.#forget(tenantId, loading);
        throw error;
      });
    return loading;
  }

  async #readOrMake(tenantId: string): Promise<{ version: number; keys: Held[] }> {
    const found = await this.#read(tenantId);
    if (found.keys.length > 0) return found;
    await ensureTenantKey(this.#db, tenantId, () => newKeyPair(this.#vault, newId('sgk')));
    return this.#read(tenantId);
  }

  async #read(tenantId: string): Promise<{ version: number; keys: Held[] }> {
    const askedAt = performance.now();
    const { version, keys } = await readHeldKeys(this.#db, tenantId);
    return { version, keys: keys.map((key) => atTimes(key, askedAt)) };
  }

  #forget(tenantId: string, loading: Promise<Held[]>): void {
    if (this.#tenants.peek(tenantId) === loading) this.#tenants.delete(tenantId);
  }

  #decrypted(held: Held): MessageKey {
    held.key ??= privateKeyOf(this.#vault.open(held.sealed, held.keyId));
    return { keyId: held.keyId, key: held.key };
  }
}

/**
 * Converts the key's times to the monotonic clock of this process. They count from before the query was sent, so a key
 * ends a little early and never late.
 */
function atTimes(key: HeldKey, askedAt: number): Held {
  return {
    ...key,
    signsFromMs: key.signsFromMs + askedAt,
    signsUntilMs: key.signsUntilMs === null ? null : key.signsUntilMs + askedAt,
  };
}
