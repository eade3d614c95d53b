// Authentication and rate limits of every request under /v1. Made once per process.
import { createRateCounter } from '#db/access/api-rates';
import type { Db } from '#db/store/pool';
import type { Logger } from '#runtime/logger';
import type { Vault } from '#sealing/vault';
import { type AuthenticateToken, createAuthenticateToken } from './authenticate-token.ts';
import { createPortalTokens, type PortalTokens } from './portal-token.ts';
import { RateLimiter } from './rate-limiter.ts';

export interface Access {
  callers: AuthenticateToken;
  rates: RateLimiter;
  tokens: PortalTokens;
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
}

export function createAccess({ db, log, vault, apiKey, trustProxy = [], perSecond = 0 }: AccessOptions): Access {
  const tokens = createPortalTokens(vault);
  const usualRate = perSecond > 0 ? { perSecond } : null;
  return {
    callers: createAuthenticateToken({ db, log, apiKey, tokens, usualRate }),
    rates: new RateLimiter({ counter: createRateCounter(db, log) }),
    tokens,
    trustProxy,
  };
}
