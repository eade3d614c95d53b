// Rate limit of an API key. Requests are counted in windows; a window begins with its first
// request.
import { z } from 'zod';

export const apiRate = z
  .strictObject({
    perSecond: z.int().min(1).max(1_000_000).describe('requests per second'),
    burst: z.int().min(1).max(1_000_000).optional().describe('requests that may arrive at once; at least perSecond, which is the default'),
  })
  .refine(({ perSecond, burst = perSecond }) => burst >= perSecond, {
    path: ['burst'],
    message: 'must not be less than perSecond, because windows are whole seconds',
  })
  .describe('rate limit over all API processes, counted in windows of burst / perSecond seconds (rounded up to whole seconds)');
export type ApiRate = z.infer<typeof apiRate>;

export interface Quota {
  requests: number;
  windowSeconds: number;
}

/**
 * Quota per window for a rate. Windows are whole seconds, because the RateLimit headers need that.
 * @example quotaOf({ perSecond: 10, burst: 25 }) // { requests: 30, windowSeconds: 3 }
 */
export function quotaOf({ perSecond, burst = perSecond }: ApiRate): Quota {
  const windowSeconds = Math.ceil(burst / perSecond);
  return { requests: perSecond * windowSeconds, windowSeconds };
}
