// A cache of the private keys that sign for tenants' endpoints, decrypted. Only jobs that sign with a key pair ask for them. Once a second one small statement
// names the tenants whose keys have changed; those alone are read again. The dates of a key are known before, so a rotation needs no message.
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
const mostTenants = 10_000;

interface Held extends HeldKey {
  key?: KeyObject;
}

/**
 * A tenant's keys that sign now, the newest first; makes the first one where the tenant has none. Empty: there is no such tenant.
 * Rejects when the store is away and the cache may be out of date, or a key cannot be decrypted.
 */
export type SignersOf = (tenantId: string) => Promise<MessageKey[]>;

/** `most`: tenants whose keys are held; beyond that the one that was used least recently is read again when it is needed. */
export function createKeyRing(db: Db, vault: Pick<Vault, 'open' | 'seal'>, most = mostTenants): SignersOf {
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
        // read before a change that has been heard of since: it serves those who waited for it, and is not kept
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

  /** The one that was asked for last is the last of the map. */
  function heldBy(tenantId: string): Promise<Held[]> {
    const held = tenants.get(tenantId) ?? load(tenantId);
    tenants.delete(tenantId);
    tenants.set(tenantId, held);
    if (tenants.size > most) {
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

/** From when they were asked for to this process's monotonic clock: so a key ends a little early rather than late. */
function atTimes(key: HeldKey, askedAt: number): Held {
  return {
    ...key,
    signsFromMs: key.signsFromMs + askedAt,
    signsUntilMs: key.signsUntilMs === null ? null : key.signsUntilMs + askedAt,
  };
}
