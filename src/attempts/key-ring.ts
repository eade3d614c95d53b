// The private keys that sign for a tenant's endpoints, opened, in memory. Only jobs that sign with a key pair ask for them; then one small statement a
// second says whether what is held is what there is. When a key begins and ends is known before, so nobody has to hear of it at that moment.
import type { KeyObject } from 'node:crypto';
import type { Db } from '../db/pool.ts';
import { readHeldKeys, readSigningKeysVersion } from '../db/signing-keys.ts';
import { type KeyTimes, signersAt } from '../domain/signing-keys.ts';
import { privateKeyOf } from '../outbound/key-pair.ts';
import type { MessageKey } from '../outbound/sign-message.ts';
import type { Vault } from '../vault.ts';

const checkEveryMs = 1_000;
const knownForMs = 3_000;
const maxTenants = 10_000;

interface Held extends KeyTimes {
  keyId: string;
  sealed: Uint8Array;
}

/** Those that sign now, the newest first. Rejects when the store is away and what is held may be out of date, or a key cannot be opened. */
export type SignersOf = (tenantId: string) => Promise<MessageKey[]>;

export function createKeyRing(db: Db, vault: Pick<Vault, 'open'>): SignersOf {
  const tenants = new Map<string, Promise<Held[]>>();
  const opened = new Map<string, KeyObject>();
  let version = 0;
  let checkedAt = Number.NEGATIVE_INFINITY;
  let checking: Promise<void> | undefined;

  function forget(newer: number): void {
    version = newer;
    tenants.clear();
    opened.clear();
  }

  function check(): Promise<void> {
    const askedAt = performance.now();
    checking ??= readSigningKeysVersion(db)
      .then((now) => {
        if (now > version) forget(now);
        checkedAt = askedAt;
      })
      .finally(() => {
        checking = undefined;
      });
    return checking;
  }

  function load(tenantId: string): Promise<Held[]> {
    const askedAt = performance.now();
    const loading = readHeldKeys(db, tenantId).then(
      ({ version: now, keys }) => {
        if (now > version) forget(now);
        // one that was begun before a change serves whom it was begun for
        if (now === version) tenants.set(tenantId, loading);
        else tenants.delete(tenantId);
        return keys.map((key) => atTimes(key, askedAt));
      },
      (error) => {
        tenants.delete(tenantId);
        throw error;
      },
    );
    if (tenants.size >= maxTenants) tenants.clear();
    tenants.set(tenantId, loading);
    return loading;
  }

  function open({ keyId, sealed }: Held): MessageKey {
    const key = opened.get(keyId) ?? privateKeyOf(vault.open(sealed, keyId));
    opened.set(keyId, key);
    return { keyId, key };
  }

  return async (tenantId) => {
    const age = performance.now() - checkedAt;
    if (age > knownForMs) await check();
    else if (age > checkEveryMs) check().catch(() => undefined);
    const held = await (tenants.get(tenantId) ?? load(tenantId));
    return signersAt(held, performance.now()).map(open);
  };
}

/** From when they were asked for to this process's monotonic clock: so a key ends a little early rather than late. */
function atTimes<K extends KeyTimes>(key: K, askedAt: number): K {
  return {
    ...key,
    signsFromMs: key.signsFromMs + askedAt,
    aloneFromMs: key.aloneFromMs + askedAt,
    signsUntilMs: key.signsUntilMs === null ? null : key.signsUntilMs + askedAt,
  };
}
