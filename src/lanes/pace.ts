// Applies the rate limits: how many requests may begin now. The endpoint's bucket is in memory,
// because only this drain sends; the tenant's bucket is one row that all drains of the tenant
// share.
import type { LaneEndpoint } from '#db/lanes/lane-endpoint';
import { takeTenantTokens } from '#db/lanes/tenant-rates';
import type { Db } from '#db/store/pool';
import type { RateLimit } from '#domain/lanes/lane-settings';
import { type Bucket, bucketAfter, changed, take, waitMs } from '#domain/lanes/token-bucket';

const askAgainMs = 50;

export interface Pace {
  /** Takes up to `wanted` tokens. A caller that got fewer asks again after `waitMs`. */
  take(endpoint: LaneEndpoint, wanted: number): Promise<{ granted: number; waitMs: number }>;
}

/** `restedMs`: for how long no drain has sent to the endpoint; null: unknown, one may have sent until now. */
export function createPace(db: Db, restedMs: number | null): Pace {
  let bucket: Bucket | undefined;
  let lastLimit: string | undefined;

  function bucketOf(limit: RateLimit): Bucket {
    const newLimit = JSON.stringify(limit);
    if (bucket === undefined) bucket = bucketAfter(limit, restedMs ?? 0, Date.now());
    else if (newLimit !== lastLimit) bucket = changed(bucket, limit);
    lastLimit = newLimit;
    return bucket;
  }

  function takeOwn(limit: RateLimit, wanted: number): number {
    let granted = 0;
    for (let one = take(bucketOf(limit), limit, Date.now()); ; one = take(one.bucket, limit, Date.now())) {
      bucket = one.bucket;
      if (!one.taken) return granted;
      granted++;
      if (granted === wanted) return granted;
    }
  }

  return {
    async take({ rateLimit, tenantRateLimit, tenantId }, wanted) {
      const own = rateLimit ? takeOwn(rateLimit, wanted) : wanted;
      if (own === 0 && rateLimit) return { granted: 0, waitMs: Math.max(1, waitMs(bucketOf(rateLimit), rateLimit, Date.now())) };
      if (!tenantRateLimit) return { granted: own, waitMs: 0 };
      const granted = await takeTenantTokens(db, tenantId, tenantRateLimit, own);
      if (bucket && rateLimit) bucket = { ...bucket, tokens: bucket.tokens + own - granted };
      return { granted, waitMs: Math.max(askAgainMs, 1_000 / tenantRateLimit.perSecond) };
    },
  };
}
