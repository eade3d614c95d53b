// What keys have used of their rates, counted in PostgreSQL for all API processes together, by rate-limiter-flexible. Its SQL is its own: one
// insert … on conflict that adds to the window's count or begins the next window.

import type pg from 'pg';
import { RateLimiterMemory, RateLimiterPostgres } from 'rate-limiter-flexible';
import type { Logger } from '#runtime/logger';
import type { Db } from '../store/pool.ts';

export interface RateCounter {
  /** Adds to the count of the key's present window, or begins one. Returns the count with it, and how long the window lasts. */
  add(key: string, requests: number, windowSeconds: number): Promise<{ counted: number; msLeft: number }>;
}

/** While PostgreSQL does not answer each process counts by itself. */
export function createRateCounter(db: Db, log: Logger): RateCounter {
  const query = (asked: pg.QueryConfig) =>
    db.query(asked).catch((error) => {
      log.debug({ err: error }, 'access.rate_counted_alone');
      throw error;
    });
  // quotas are the caller's business, and differ by key: the library only counts, so its own limit is none
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
