// Authentication and rate limits of every request under /v1. Made once per process.
import { createRateCounter } from '#db/access/api-rates';
import type { Db } from '#db/store/pool';
import type { OpenIdConnect } from '#oidc/open-id-connect';
import type { Logger } from '#runtime/logger';
import type { Vault } from '#sealing/vault';
import { type AuthenticateToken, createAuthenticateToken } from './authenticate-token.ts';
import { createPortalTokens, type PortalTokens } from './portal-token.ts';
import { RateLimiter } from './rate-limiter.ts';
import { createSessionSettings, type SessionSettings } from './session-settings.ts';
import { createSignInLimit, type SignInLimit } from './sign-in-limit.ts';

export interface Access {
  callers: AuthenticateToken;
  rates: RateLimiter;
  tokens: PortalTokens;
  /** What sessions depend on. */
  settings: SessionSettings;
  signIns: SignInLimit;
  /** The sign-in of people. Null: no OpenID Connect provider is configured. */
  openIdConnect: OpenIdConnect | null;
  /** The proxies whose X-Forwarded-For is trusted. */
  trustProxy: string[];
}

export interface AccessOptions {
  /** Not scoped to a tenant: it is read before the caller is known. */
  db: Db;
  log: Logger;
  vault: Pick<Vault, 'derive'>;
  /** The bootstrap key of the configuration. */
  apiKey: string;
  trustProxy?: string[];
  /** Requests per second for each key and link that has no rate limit itself; 0: unlimited. */
  perSecond?: number;
  openIdConnect?: OpenIdConnect | null;
}

export function createAccess(options: AccessOptions): Access {
  const { db, log, vault, apiKey, trustProxy = [], perSecond = 0, openIdConnect = null } = options;
  const tokens = createPortalTokens(vault);
  const settings = createSessionSettings(vault, apiKey, openIdConnect?.settings ?? null);
  const usualRate = perSecond > 0 ? { perSecond } : null;
  return {
    callers: createAuthenticateToken({ db, log, apiKey, tokens, settings, usualRate }),
    rates: new RateLimiter({ counter: createRateCounter(db, log) }),
    tokens,
    settings,
    openIdConnect,
    signIns: createSignInLimit(),
    trustProxy,
  };
}
