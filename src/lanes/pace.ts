// How many requests may begin now: by the endpoint's rate, which this drain alone keeps, and by its tenant's, which is drawn from one row.

import type { LaneEndpoint } from '#db/lanes/lane-endpoint';
import { takeTenantTokens } from '#db/lanes/tenant-rates';
import type { Db } from '#db/store/pool';
import type { RateLimit } from '#domain/lane-settings';
import { type Bucket, bucketAfter, changed, take, waitMs } from '#domain/token-bucket';

const askAgainMs = 50;

export interface Pace {
  /** Of so many wanted; whoever gets less asks again after `waitMs`. */
  take(endpoint: LaneEndpoint, wanted: number): Promise<{ granted: number; waitMs: number }>;
}

/** `restedMs`: how long nobody has sent anything before this; null: somebody may have until now. */
export function createPace(db: Db, restedMs: number | null): Pace {
  let bucket: Bucket | undefined;
  let known: string | undefined;

  function bucketOf(limit: RateLimit): Bucket {
    const said = JSON.stringify(limit);
    if (bucket === undefined) bucket = bucketAfter(limit, restedMs ?? 0, Date.now());
    else if (said !== known) bucket = changed(bucket, limit);
    known = said;
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
