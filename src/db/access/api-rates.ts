// Counts requests per API key in PostgreSQL, for all API processes together, with
// rate-limiter-flexible. Its SQL is one insert … on conflict that adds to the count of the window
// or begins the next window.

import type pg from 'pg';
import { RateLimiterMemory, RateLimiterPostgres } from 'rate-limiter-flexible';
import type { Logger } from '#runtime/logger';
import type { Db } from '../store/pool.ts';

export interface RateCounter {
  /**
   * Adds to the count of the key's current window, or begins one. Returns the new count and the ms left in the window.
   */
  add(key: string, requests: number, windowSeconds: number): Promise<{ counted: number; msLeft: number }>;
}

/** While PostgreSQL does not answer, each process counts in its own memory. */
export function createRateCounter(db: Db, log: Logger): RateCounter {
  const query = (config: pg.QueryConfig) =>
    db.query(config).catch((error) => {
      log.debug({ err: error }, 'access.rate_counted_alone');
      throw error;
    });
  // the caller applies the limits, which differ by key; the library only counts, so it gets no limit of its own
  const own = { points: Number.MAX_SAFE_INTEGER, duration: 1, keyPrefix: '' };
  const limiter = new RateLimiterPostgres({
    ...own,
    storeClient: { query },
    storeType: 'pool',
    tableName: 'api_rates',
    tableCreated: true,
    clearExpiredByTimeout: false,
    insuranceLimiter: new RateLimiterMemory(own),
  });
  return {
    async add(key, requests, windowSeconds) {
      const { consumedPoints, msBeforeNext } = await limiter.penalty(key, requests, { customDuration: windowSeconds });
      return { counted: consumedPoints, msLeft: msBeforeNext };
    },
  };
}
