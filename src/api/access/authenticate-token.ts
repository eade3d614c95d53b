// Finds the caller of a bearer token: the bootstrap key, an API key, or a portal link. Results are
// cached for 5 s (ttl-cache.ts): a key revoked by another process works that long at most. A key
// revoked by this process stops working at once.
import { createHash, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type Credential, findApiKeys, touchApiKeys } from '#db/access/api-keys';
import { findPortalLinks } from '#db/access/portal-links';
import { createGroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';
import { bootstrapCaller, type Caller } from '#domain/access/access';
import { isKeyText } from '#domain/access/api-key';
import { type ApiRate, type Quota, quotaOf } from '#domain/access/api-rate';
import type { Logger } from '#runtime/logger';
import { createOrigins } from './client-address.ts';
import type { PortalToken, PortalTokens } from './portal-token.ts';
import { createTtlCache } from './ttl-cache.ts';

export interface Bearer extends Omit<Credential, 'cidrs' | 'rateLimit' | 'caller'> {
  caller: Omit<Caller, 'address'>;
  /** Its rate limit; null: unlimited. */
  quota: Quota | null;
  /** Whether it may call from this address. */
  from(address: string | undefined): boolean;
}

export interface AuthenticateToken {
  /** Null: the token is unknown. Does not check expiry or address. */
  find(token: string): Bearer | null | Promise<Bearer | null>;
  /** Records that the key was used: once a minute, in the background. */
  used(bearer: Bearer): void;
  /** Drops a key or link from the cache, after this process revoked it. `id`: `key_…` or `lnk_…`. */
  forget(id: string): void;
  /**
   * Drops all keys and links of a tenant from the cache, after this process deleted it. `key`: the producer's id of the
   * tenant.
   */
  forgetTenant(key: string): void;
}

export interface AuthenticateTokenOptions {
  db: Db;
  log: Logger;
  /** The bootstrap key of the configuration. */
  apiKey: string;
  tokens: PortalTokens;
  /** The rate limit of portal links, and of keys that have none; null: unlimited. */
  usualRate: ApiRate | null;
}

const usedEveryMs = 60_000;
const mostTokens = 10_000;

const bootstrap: Bearer = {
  caller: bootstrapCaller,
  quota: null,
  from: () => true,
  expiresAtMs: null,
  lastUsedAtMs: null,
};

export function createAuthenticateToken({ db, log, apiKey, tokens, usualRate }: AuthenticateTokenOptions): AuthenticateToken {
  const expected = digest(apiKey);
  const keys = createTtlCache({ read: async (hashes) => (await findApiKeys(db, hashes.map(bytesOf))).map(toBearer) });
  const links = createTtlCache({ read: async (ids) => (await findPortalLinks(db, ids)).map(toBearer) });
  /** The signature of an evicted token is verified again at its next use. */
  const verified = new LRUCache<string, PortalToken>({ max: mostTokens });
  const touches = createGroupCommit<string, void>({
    write: (ids) => touchApiKeys(db, ids).then(() => []),
    maxWeight: 500,
    linger: { ms: 100, enough: 500 },
  });

  async function ofToken(hash: string, text: string): Promise<Bearer | null> {
    const token = verified.get(hash) ?? (await tokens.verify(text));
    if (!token) return null;
    verified.set(hash, token);
    const link = await links.find(token.linkId);
    return link?.caller.tenant?.id === token.tenantId ? link : null;
  }

  function toBearer(found: Credential | null): Bearer | null {
    if (!found) return null;
    const { cidrs, rateLimit, caller, ...rest } = found;
    const rate = rateLimit ?? usualRate;
    const bounds = { expiresAtMs: rest.expiresAtMs, cidrs, rateLimit, mostRate: caller.tenant ? rate : rateLimit };
    return { ...rest, caller: { ...caller, bounds }, quota: rate && quotaOf(rate), from: createOrigins(cidrs) };
  }

  function forgetAll(is: (bearer: Bearer) => boolean): void {
    keys.forget(is);
    links.forget(is);
  }

  return {
    find(token) {
      const hash = digest(token);
      if (timingSafeEqual(hash, expected)) return bootstrap;
      // the form of the token decides where to look: a malformed one costs no query
      if (isKeyText(token)) return keys.find(hash.toString('hex'));
      return token.split('.', 4).length === 3 ? ofToken(hash.toString('hex'), token) : null;
    },
    used(bearer) {
      const { caller, lastUsedAtMs } = bearer;
      const nowMs = Date.now();
      if (caller.kind !== 'api_key' || caller.id === null || (lastUsedAtMs !== null && nowMs - lastUsedAtMs < usedEveryMs)) return;
      bearer.lastUsedAtMs = nowMs;
      touches.add(caller.id).catch((error) => log.debug({ err: error }, 'access.use_not_noted'));
    },
    forget: (id) => forgetAll(({ caller }) => caller.id === id),
    forgetTenant: (key) => forgetAll(({ caller }) => caller.tenant?.key === key),
  };
}

// digests, because timingSafeEqual needs equal lengths, and a different length would leak
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}
