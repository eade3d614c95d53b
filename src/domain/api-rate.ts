// How often a key may call: so many requests a second, counted in windows that begin with their first request.
import { z } from 'zod';

export const apiRate = z
  .strictObject({
    perSecond: z.int().min(1).max(1_000_000).describe('requests a second'),
    burst: z.int().min(1).max(1_000_000).optional().describe('how many may come at once: as many as perSecond by default, and at least'),
  })
  .refine(({ perSecond, burst = perSecond }) => burst >= perSecond, {
    path: ['burst'],
    message: 'must not be less than perSecond: windows are whole seconds',
  })
  .describe('the most requests, over all API processes: counted in windows of burst / perSecond seconds, rounded up to whole ones');
export type ApiRate = z.infer<typeof apiRate>;

export interface Quota {
  requests: number;
  windowSeconds: number;
}

/** What a rate comes to: whole seconds, as the RateLimit headers want them, and so many requests in each window that the rate is kept. */
export function quotaOf({ perSecond, burst = perSecond }: ApiRate): Quota {
  const windowSeconds = Math.ceil(burst / perSecond);
  return { requests: perSecond * windowSeconds, windowSeconds };
}
