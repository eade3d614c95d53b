// Caches the decrypted private keys that sign for tenants. Read by jobs that sign with a key pair.
// At most once a second, one statement lists the tenants whose keys changed; only those are read
// again. A key's dates are cached with it, so a planned rotation needs no message.
import type { KeyObject } from 'node:crypto';
import { newKeyPair } from '#db/keys/signing-key';
import { ensureTenantKey, type HeldKey, readHeldKeys, readKeyChanges } from '#db/keys/signing-keys';
import type { Db } from '#db/store/pool';
import { signersAt } from '#domain/signing-keys';
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

/**
 * The keys that sign for the tenant now, the newest first. Creates the first key of a tenant that has none. Empty:
 * there is no such tenant. Rejects when PostgreSQL is away and the cache may be out of date, or when a key cannot be
 * decrypted.
 */
export type SignersOf = (tenantId: string) => Promise<MessageKey[]>;

/** `maxTenants`: how many tenants the cache holds. Beyond that the least recently used one is evicted. */
export function createKeyRing(db: Db, vault: Pick<Vault, 'open' | 'seal'>, maxTenants = defaultMaxTenants): SignersOf {
  const tenants = new Map<string, Promise<Held[]>>();
  let version = 0;
  let checkedAt = Number.NEGATIVE_INFINITY;
  let checking: Promise<void> | undefined;

  function check(): Promise<void> {
    const askedAt = performance.now();
    checking ??= readKeyChanges(db, version)
      .then((changes) => {
        version = changes.version;
        if (changes.tenantIds === null) tenants.clear();
        for (const tenantId of changes.tenantIds ?? []) tenants.delete(tenantId);
        checkedAt = askedAt;
      })
      .finally(() => {
        checking = undefined;
      });
    return checking;
  }

  async function read(tenantId: string): Promise<{ version: number; keys: Held[] }> {
    const askedAt = performance.now();
    const { version: readAt, keys } = await readHeldKeys(db, tenantId);
    return { version: readAt, keys: keys.map((key) => atTimes(key, askedAt)) };
  }

  async function readOrMake(tenantId: string): Promise<{ version: number; keys: Held[] }> {
    const found = await read(tenantId);
    if (found.keys.length > 0) return found;
    await ensureTenantKey(db, tenantId, () => newKeyPair(vault, newId('sgk')));
    return read(tenantId);
  }

  function load(tenantId: string): Promise<Held[]> {
    const loading = readOrMake(tenantId)
      .then((found) => {
        // read before a change that was seen since: the callers that waited get the keys, the cache does not keep them
        if (found.version < version || found.keys.length === 0) forget(tenantId, loading);
        return found.keys;
      })
      .catch((error) => {
        forget(tenantId, loading);
        throw error;
      });
    return loading;
  }

  function forget(tenantId: string, loading: Promise<Held[]>): void {
    if (tenants.get(tenantId) === loading) tenants.delete(tenantId);
  }

  /** The map is in the order of last use. */
  function heldBy(tenantId: string): Promise<Held[]> {
    const held = tenants.get(tenantId) ?? load(tenantId);
    tenants.delete(tenantId);
    tenants.set(tenantId, held);
    if (tenants.size > maxTenants) {
      const [oldest = ''] = tenants.keys();
      tenants.delete(oldest);
    }
    return held;
  }

  function decrypted(held: Held): MessageKey {
    held.key ??= privateKeyOf(vault.open(held.sealed, held.keyId));
    return { keyId: held.keyId, key: held.key };
  }

  return async (tenantId) => {
    const age = performance.now() - checkedAt;
    if (age > knownForMs) await check();
    else if (age > checkEveryMs) check().catch(() => undefined);
    return signersAt(await heldBy(tenantId), performance.now()).map(decrypted);
  };
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
