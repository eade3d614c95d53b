// Who may call and how often: what the API asks of every request under /v1, made once per process.
import { createRateCounter } from '#db/access/api-rates';
import type { Db } from '#db/store/pool';
import type { Logger } from '#runtime/logger';
import type { Vault } from '#sealing/vault';
import { type AuthenticateToken, createAuthenticateToken } from './authenticate-token.ts';
import { createPortalTokens, type PortalTokens } from './portal-token.ts';
import { createRateLimiter, type RateLimiter } from './rate-limiter.ts';

export interface Access {
  callers: AuthenticateToken;
  rates: RateLimiter;
  tokens: PortalTokens;
  /** The proxies whose X-Forwarded-For is believed. */
  trustProxy: string[];
}

export interface AccessOptions {
  /** Not bound to any tenant: it is asked who a caller is before there is one. */
  db: Db;
  log: Logger;
  vault: Pick<Vault, 'derive'>;
  /** The key of the configuration. */
  apiKey: string;
  trustProxy?: string[];
  /** Requests a second of each key and link without a rate of its own; 0: as many as it likes. */
  perSecond?: number;
}

export function createAccess({ db, log, vault, apiKey, trustProxy = [], perSecond = 0 }: AccessOptions): Access {
  const tokens = createPortalTokens(vault);
  const usualRate = perSecond > 0 ? { perSecond } : null;
  return {
    callers: createAuthenticateToken({ db, log, apiKey, tokens, usualRate }),
    rates: createRateLimiter({ counter: createRateCounter(db, log) }),
    tokens,
    trustProxy,
  };
}
