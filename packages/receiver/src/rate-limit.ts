// Token buckets, one for each source address.

export interface RateLimit {
  /** Requests in a second, over a longer time. */
  perSecond: number;
  /** Requests at once. Default: `perSecond`, and at least 1. */
  burst?: number;
}

const mostAddresses = 10_000;

/** Returns a function that takes a token, and returns how many seconds to wait for one: 0 if there was one. */
export function rateLimiter({ perSecond, burst = Math.max(1, perSecond) }: RateLimit): (address: string, nowMs: number) => number {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return (address, nowMs) => {
    const { tokens: before, at } = buckets.get(address) ?? { tokens: burst, at: nowMs };
    const tokens = Math.min(burst, before + ((nowMs - at) / 1_000) * perSecond);
    buckets.delete(address);
    // the one that was not seen for longest; it begins again with a full bucket
    if (buckets.size >= mostAddresses) buckets.delete(buckets.keys().next().value ?? '');
    buckets.set(address, { tokens: tokens < 1 ? tokens : tokens - 1, at: nowMs });
    return tokens < 1 ? Math.ceil((1 - tokens) / perSecond) : 0;
  };
}
