// Finds the caller of a bearer token: the bootstrap key, an API key, a portal link, or a session. Results are cached for
// 5 s (ttl-cache.ts): a key revoked by another process works that long at most. One revoked by this process stops
// working at once.
import { createHash, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type Credential, findApiKeys, touchApiKeys } from '#db/access/api-keys';
import { type FoundSession, findSessions, touchSessions } from '#db/access/find-sessions';
import { findPortalLinks } from '#db/access/portal-links';
import { createGroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';
import { isKeyText } from '#domain/access/api-key';
import type { ApiRate } from '#domain/access/api-rate';
import { isSessionText } from '#domain/access/session';
import { isId } from '#domain/ids';
import type { Logger } from '#runtime/logger';
import { type Bearer, bootstrap, sessionBearer, toBearer } from './bearer.ts';
import type { PortalToken, PortalTokens } from './portal-token.ts';
import type { SessionSettings } from './session-settings.ts';
import { createTtlCache, freshMs } from './ttl-cache.ts';

export interface AuthenticateToken {
  /** Null: the token is unknown. Does not check expiry or address. */
  find(token: string): Bearer | null | Promise<Bearer | null>;
  /** Records that the key was used: once a minute, in the background. */
  used(bearer: Bearer): void;
  /**
   * Drops a key, link or session from the cache, after this process revoked it. `id`: `key_…`, with its sessions; `lnk_…`
   * or `ses_…`.
   */
  forget(id: string): void;
  /**
   * Drops all keys, links and sessions of a tenant from the cache, after this process deleted it. `key`: the producer's id of the
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
  settings: SessionSettings;
  /** The rate limit of portal links, and of keys that have none; null: unlimited. */
  usualRate: ApiRate | null;
}

const usedEveryMs = 60_000;
const mostTokens = 10_000;

export function createAuthenticateToken({ db, log, apiKey, tokens, settings, usualRate }: AuthenticateTokenOptions): AuthenticateToken {
  const expected = digest(apiKey);
  const ofCredential = (found: Credential | null) => found && toBearer(found, usualRate);
  const ofSession = (found: FoundSession | null) => found && sessionBearer(found, settings, usualRate);
  const keys = createTtlCache({ read: async (hashes) => (await findApiKeys(db, hashes.map(bytesOf))).map(ofCredential) });
  const links = createTtlCache({ read: async (ids) => (await findPortalLinks(db, ids)).map(ofCredential) });
  const sessions = createTtlCache({ read: async (hashes) => (await findSessions(db, hashes.map(bytesOf))).map(ofSession) });
  /** The signature of an evicted token is verified again at its next use. */
  const verified = new LRUCache<string, PortalToken>({ max: mostTokens });
  const touches = touching((ids) => touchApiKeys(db, ids));
  const sessionTouches = touching((ids) => touchSessions(db, ids));

  async function ofToken(hash: string, text: string): Promise<Bearer | null> {
    const token = verified.get(hash) ?? (await tokens.verify(text));
    if (!token) return null;
    verified.set(hash, token);
    const link = await links.find(token.linkId);
    return link?.caller.tenant?.id === token.tenantId ? link : null;
  }

  function note(use: Promise<void>): void {
    use.catch((error) => log.debug({ err: error }, 'access.use_not_noted'));
  }

  /** A session that was used shortly before its idle end now ends later than the cache says. */
  function readEndAgain({ caller, expiresAtMs }: Bearer, nowMs: number): void {
    if (expiresAtMs !== null && expiresAtMs - nowMs < 2 * freshMs) sessions.forget((one) => one.caller.id === caller.id);
  }

  function forgetAll(is: (bearer: Bearer) => boolean): void {
    keys.forget(is);
    links.forget(is);
    sessions.forget(is);
  }

  return {
    find(token) {
      const hash = digest(token);
      if (timingSafeEqual(hash, expected)) return bootstrap;
      // the form of the token decides where to look: a malformed one costs no query
      if (isKeyText(token)) return keys.find(hash.toString('hex'));
      if (isSessionText(token)) return sessions.find(hash.toString('hex'));
      return token.split('.', 4).length === 3 ? ofToken(hash.toString('hex'), token) : null;
    },
    used(bearer) {
      const { caller, lastUsedAtMs } = bearer;
      const nowMs = Date.now();
      if (caller.id === null || (lastUsedAtMs !== null && nowMs - lastUsedAtMs < usedEveryMs)) return;
      bearer.lastUsedAtMs = nowMs;
      const keyId = (caller.kind === 'api_key' ? caller.id : caller.signedIn?.key) ?? '';
      if (isId('key', keyId)) note(touches.add(keyId));
      if (caller.kind === 'session') note(sessionTouches.add(caller.id).then(() => readEndAgain(bearer, nowMs)));
    },
    forget: (id) => forgetAll(({ caller }) => caller.id === id || caller.signedIn?.key === id),
    forgetTenant: (key) => forgetAll(({ caller }) => caller.tenant?.key === key),
  };
}

/** Records uses in the background, many at once. */
function touching(write: (ids: string[]) => Promise<void>) {
  return createGroupCommit<string, void>({
    write: (ids) => write(ids).then(() => []),
    maxWeight: 500,
    linger: { ms: 100, enough: 500 },
  });
}

// digests, because timingSafeEqual needs equal lengths, and a different length would leak
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}
