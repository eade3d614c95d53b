// What a known bearer token stands for: the caller, its rate limit, and when and from where it may call.
import type { Credential } from '#db/access/api-keys';
import type { FoundSession } from '#db/access/find-sessions';
import { nameOf } from '#db/access/sessions';
import { bootstrapCaller, type Caller } from '#domain/access/access';
import { type ApiRate, type Quota, quotaOf } from '#domain/access/api-rate';
import { createOrigins } from './client-address.ts';
import type { SessionSettings } from './session-settings.ts';

export interface Bearer extends Omit<Credential, 'cidrs' | 'rateLimit' | 'caller'> {
  caller: Omit<Caller, 'address'>;
  /** Its rate limit; null: unlimited. */
  quota: Quota | null;
  /** Whether it may call from this address. */
  from(address: string | undefined): boolean;
}

export const bootstrap: Bearer = {
  caller: bootstrapCaller,
  quota: null,
  from: () => true,
  expiresAtMs: null,
  lastUsedAtMs: null,
};

/** Of an API key or a portal link. `usualRate`: of those without one. */
export function toBearer({ cidrs, rateLimit, caller, ...rest }: Credential, usualRate: ApiRate | null): Bearer {
  const rate = rateLimit ?? usualRate;
  const bounds = { expiresAtMs: rest.expiresAtMs, cidrs, rateLimit, mostRate: caller.tenant ? rate : rateLimit };
  return { ...rest, caller: { ...caller, bounds }, quota: rate && quotaOf(rate), from: createOrigins(cidrs) };
}

/** Null: a session of a person or of the bootstrap key whose settings have changed. */
export function sessionBearer(found: FoundSession, settings: SessionSettings, usualRate: ApiRate | null): Bearer | null {
  const { id, keyId, person, configHash, tenant, scopes, endsAtMs: expiresAtMs, lastUsedAtMs } = found;
  if (configHash && !settings.isCurrent(configHash, person !== null)) return null;
  const signedIn = { key: person ? null : (keyId ?? bootstrapCaller.kind), name: nameOf(found), ...(person && { person }) };
  const caller = { kind: 'session' as const, id, signedIn, tenant, scopes };
  const quota = person && usualRate ? quotaOf(usualRate) : null;
  if (keyId === null) return { caller, quota, from: () => true, expiresAtMs, lastUsedAtMs };
  const { cidrs, rateLimit, keyExpiresAtMs } = found;
  // what it makes may live as long as the key
  return { ...toBearer({ caller, cidrs, rateLimit, expiresAtMs: keyExpiresAtMs, lastUsedAtMs }, usualRate), expiresAtMs };
}
